"""The method of counting the networks of a space within its limits, and of drawing them fairly.

A space of ten axes can have billions of networks. Listing them is impossible, and drawing labels at
random is unfair: two combinations of labels may make the same network, and narrow limits reject
almost everything. This package counts the distinct networks within limits exactly, and draws from
them uniformly and without rejection. This page follows one small space through the five steps, and
a test runs its examples.

    >>> from designspace.sampling.space import load_space
    >>> space = load_space({
    ...     "name": "tiny",
    ...     "base": {
    ...         "depths": [1, 1], "widths": [8, 16], "norm": "layernorm", "act": "gelu",
    ...         "stem": {"kind": "patchify", "patch_size": 4, "norm": "none"},
    ...         "block": {
    ...             "kind": "conv", "ratio": 2, "norm_at": {"per_stage": [[1], []]},
    ...             "spatial": {"kind": "conv", "kernel_size": {"per_stage": [3, 3]}},
    ...         },
    ...         "downsample": {"kind": "separate", "norm": "none"},
    ...         "head": {"kind": "linear", "norm": "none"}, "input_size": 32,
    ...     },
    ...     "axes": {
    ...         "width": {"path": "widths.0", "choices": [8, 12]},
    ...         "norm_at": {
    ...             "path": "block.norm_at.per_stage.0", "choices": {"none": [], "first": [1]}
    ...         },
    ...         "kernel": {"path": "block.spatial.kernel_size.per_stage.1", "choices": [3, 5]},
    ...         "norm": {"path": "norm", "choices": ["layernorm", "batchnorm"]},
    ...     },
    ... })

Four axes of two labels make 16 combinations. If `norm_at` is `none`, the network has no norm, and
`norm` has no effect. So the space has 12 distinct networks.

**1. Tables per part** (`tables/part_tables.py`). An axis touches only a few parts of a network, and
its path says which. So each part gets a table over only the labels that touch it, and each label is
read and validated once per part, not once per network.

**2. A chain of components** (`tables/chain.py`). Costs add up along the network, and a component
depends on earlier ones only through the shape of its input features. The stem with the first stage
has 2 x 2 x 2 rows, the second stage 2 x 2 and the head 2: 14 rows for the 16 combinations here, and
a few thousand for a space of 10 ** 11 networks.

    >>> from designspace.sampling.tables.chain import Chain
    >>> from designspace.sampling.task import Task
    >>> chain = Chain(space.axes, space.base_data, Task(32, 3, 10))
    >>> [(component.axes, component.rows) for component in chain.components]
    [(('width', 'norm_at', 'norm'), 8), (('kernel', 'norm'), 4), (('norm',), 2)]

**3. An automaton** (`count/automaton.py`). `norm` touches all three components, so its label is
fixed for the whole network. It is a *setting*, and there are two, written as the bits 01 and 10. A
state between two components is the shape of the features and the set of settings that could have
led there. Each edge is one meaning of a component, so different paths are different networks. After
the first stage there are 6 states. Two of them have both bits, because without a norm either
setting makes the stage. So the automaton merges networks that brute force would count twice.

    >>> from designspace.sampling.count.automaton import States
    >>> states = States(chain)
    >>> for after, edges in next(iter(states.layers[0].edges.values())).items():
    ...     print(after.feature, f"{after.settings:02b}", states.layers[0].costs[edges, 0].tolist())
    1 11 [752]
    1 01 [768]
    1 10 [768]
    2 11 [1320]
    2 01 [1344]
    2 10 [1344]

The columns are the number of the shape (1 is 8 x 8 x 8, 2 is 8 x 8 x 12), the settings, and the
parameters of the stem with the first stage. From each state the second stage has two edges, one per
kernel, and the head has one: 6 x 2 x 1 = 12 paths.

    >>> from designspace.sampling.count.meet_in_the_middle import cut, paths_from
    >>> sum(paths_from(states)[0].values())
    12

**4. Meeting in the middle** (`count/meet_in_the_middle.py`). A limit does not add up along a path,
so paths within limits cannot be counted edge by edge. Listing them all would take 10 ** 11 sums.
Instead, they are cut at one component, and the two lists of halves have only a few million entries
each. Here the second stage is cut: the left half to the first state costs 752 parameters, the edges
cost 1760 and 2016, and the right half (the head) costs 170.

    >>> cut(states)
    1
    >>> states.layers[1].costs[:2, 0].tolist(), states.layers[2].costs[:, 0].tolist()
    ([1760, 2016], [170])

**5. Range queries** (`count/range_queries.py`, `tables/wavelet.py`). For a left half of cost c and
the limit "at most L", the question is how many right sides cost at most L - c. Right sides are
sorted once, and each question is a binary search. With two limits, each question is about a window
in a plane, and a wavelet matrix answers it. With at most 2,900 parameters, a left half of 752
leaves 2,148 for the rest: of 1760 + 170 and 2016 + 170 one fits. A left half of 768 leaves 2,132,
and again one fits, for either norm. For the left halves from 1,320 on nothing fits. So three
networks are within the limit.

    >>> from designspace.spec.space.limits import parse_limit
    >>> within = space.feasible([parse_limit("params<=2900")], task=Task(32, 3, 10))
    >>> within.total, within.count
    (12, 3)

Drawing is counting read backwards (`count/paths.py`). The first three left halves have 1, 1 and 1
partners, and the running sums 1, 2, 3 assign the ranks to the halves: rank 2 (counted from 0) is
the first partner of the third half. A uniform draw is a draw of ranks without repeats
(`random_ranks.py`), so each network is as likely as any other, and none is drawn twice.

    >>> draw = within.draw(3, seed=0)
    >>> sorted(draw.params.tolist())
    [2682, 2698, 2698]

Small spaces skip steps 3 to 5 and are listed (`count/enumerated.py`); tests compare the other
methods with this list. If the axes of a space are too coupled to be counted separately, and the
space is too large to be listed, a bounded number of random points is searched, and the results say
so (`rejection.py`).
"""
