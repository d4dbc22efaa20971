"""`xalign report`: the results of runs, read from their files, on one page; `document.py` puts it together."""
