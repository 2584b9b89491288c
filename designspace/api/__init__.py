"""The Python interface: the verbs of the command line as functions.

`import designspace as ds` is all that a program needs. Each function takes what the command of the
same name takes, with Python's types instead of words, and returns an object that answers the next
question:

    study = ds.search("micro", trials=16)         # runs, or goes on, or finds it complete
    study.winner                                  # <TrialResult runs/micro-demo:7, ...>
    study.frontier()                              # the trials that no other one dominates
    model = study.winner.build()                  # an nn.Module with the trained weights
    study.report()                                # the page, the picture and the tables

`search`, `train` and `bench` write the same files as the commands do: what one began, the other
goes on with. Mistakes of the caller raise `designspace.errors.InputError`, with what is wrong and
the nearest valid choice. In a notebook, results show themselves with a figure.

Here and in the commands the work is the same code: `training_plan` and `search_plan` turn arguments
into what runs, and the rooms below run it.
"""
