"""Reading: the bytes of a delivered file become records of text, with every physical line accounted for."""
