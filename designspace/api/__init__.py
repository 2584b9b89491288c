"""The Python interface: the verbs of the command line as functions.

`import designspace as ds` is all that a program needs. Each function takes the inputs of the
command of the same name, as Python types instead of words, and returns an object with methods for
the next steps:

    study = ds.search("micro", trials=16)         # runs, resumes, or finds it complete
    study.winner                                  # <TrialResult runs/micro-demo:7, ...>
    study.frontier()                              # the trials that no other one dominates
    model = study.winner.build()                  # an nn.Module with the trained weights
    study.report()                                # the page, the picture and the tables

`search`, `train` and `bench` write the same files as the commands do: either can resume the work of
the other. Mistakes of the caller raise `designspace.errors.InputError`, which says what is wrong
and names the nearest valid choice. In a notebook, results are displayed with a figure.

Functions and commands share their code: `training_plan` and `search_plan` turn arguments into a
run, and the packages below execute it.
"""
