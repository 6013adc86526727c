"""Words that several functions need."""


def counted(number, word):
    return f"{number} {word}" if number == 1 else f"{number or 'no'} {word}s"
