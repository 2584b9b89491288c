"""How quick training is."""

from __future__ import annotations

from reports.measured.records import read


def small_images() -> str:
    """What batches of small images cost, beside a DataLoader's."""
    record = read("benchmarks/records/small_images.json")
    lines = [
        "| network | RandAugment | trial, CPU s | feeding, CPU s | the same fed by a DataLoader | "
        "times as long: trial | by the clock | feeding |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in record["rows"]:
        ours, theirs = (row["seconds"][side] for side in ("ours", "DataLoader"))
        times = row["times_as_long"]
        lines.append(
            f"| {row['network']} | {'yes' if row['rand_augment'] else 'no'} "
            f"| {ours['cpu']['median']:.2f} | {ours['feed_cpu']['median']:.2f} "
            f"| {theirs['cpu']['median']:.2f}; {theirs['feed_cpu']['median']:.2f} "
            f"| {_spread(times['cpu'])} | {_spread(times['trial'])} "
            f"| {_spread(times['feed_cpu'])} |"
        )
    data, environment = record["data"], record["environment"]
    shares = [
        100 * row["seconds"]["ours"]["data"]["median"] / row["seconds"]["ours"]["epoch"]["median"]
        for row in record["rows"]
    ]
    lines += [
        "",
        f"Of our epochs the data takes {min(shares):.1f} to {max(shares):.1f} %; nearly all the "
        "rest is the network's forward and backward pass, which is why the whole gains less than "
        "the feeding.",
    ]
    note = (
        f"trials of {record['epochs_a_trial']} epochs of {data['images_an_epoch']:,} images of "
        f"{data['name']}, {record['image_size']} pixels, batches of {record['batch_size']}; "
        f"seconds of CPU time, feeding for one epoch; medians of {record['n']} pairs in turn, and "
        f"their range; {record['threads']} thread, {record['loader_workers']} workers of the "
        f"DataLoader, {environment['cpus']} shared cores (load {record['load_average'][0]:.0f}), "
        f"torch {environment['torch']}"
    )
    return "\n".join([*lines, "", f"({note}; `python benchmarks/small_images.py`)"])


def _spread(values: dict[str, float]) -> str:
    return f"{values['median']:.1f} ({values['min']:.1f} to {values['max']:.1f})"


PARTS = {
    "small_images": small_images,
}
