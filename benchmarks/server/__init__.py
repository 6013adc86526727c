"""How quickly the server answers when there is much to answer from."""
