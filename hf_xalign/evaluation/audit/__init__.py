"""`xalign align --audit`: aligners held against gold alignments, with a page of what they get wrong."""
