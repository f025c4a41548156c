from greeting import application  # noqa: F401
