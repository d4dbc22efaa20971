"""A recipe trained many times with a few keys changed: how much do its results depend on them?

`plan` reads and checks everything before the first run starts, `running` trains, `results` and `table` compare.
"""
