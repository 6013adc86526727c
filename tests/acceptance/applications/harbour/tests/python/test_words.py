from words import counted


def test_words_are_counted():
    assert counted(0, "boat") == "no boats"
    assert counted(1, "boat") == "1 boat"
    assert counted(2, "boat") == "2 boats"
