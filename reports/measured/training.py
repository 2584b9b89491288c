"""How quick training is."""

from __future__ import annotations

from reports.measured.records import machine, read


def small_images() -> str:
    """What batches of small images cost, beside a DataLoader's."""
    record = read("benchmarks/records/small_images.json")
    lines = [
        "| network | RandAugment | trial, CPU s | feeding, CPU s | DataLoader: trial; feeding | "
        "DataLoader / ours: trial | trial by the clock | feeding |",
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
        f"In `designspace`, the data take {min(shares):.1f} to {max(shares):.1f} % of an epoch. "
        "Nearly all the rest is the network's forward and backward pass, so the whole trial gains "
        "less than the feeding.",
    ]
    note = (
        f"trials of {record['epochs_a_trial']} epochs of {data['images_an_epoch']:,} images of "
        f"{data['name']}, {record['image_size']} pixels, batches of {record['batch_size']}; "
        f"seconds of CPU time, feeding for one epoch; medians of {record['n']} pairs in turn, and "
        f"their range; threads: {record['threads']}, {record['loader_workers']} workers of the "
        f"DataLoader, {environment['cpus']} shared cores (load {record['load_average'][0]:.0f}), "
        f"torch {environment['torch']}"
    )
    return "\n".join([*lines, "", f"({note}; `python benchmarks/small_images.py`)"])


def _spread(values: dict[str, float]) -> str:
    return f"{values['median']:.1f} ({values['min']:.1f} to {values['max']:.1f})"


def training() -> str:
    """Images a second in training, ours and timm's step."""
    record = read("benchmarks/records/training_cpu.json")
    lines = [
        "| network | step | images/s (10 % to 90 %) | relative to timm's default "
        "| the same in CPU time |",
        "|---|---|---|---|---|",
    ]
    for name, job in record["networks"].items():
        for side, row in job["sides"].items():
            rate, over = row["images_per_second"], row["over_timms_default"]
            shown = f"**{side}**" if side.startswith("designspace") else side
            lines.append(
                f"| {name}, {job['input_size']} pixels, batch {job['batch_size']} | {shown} "
                f"| {rate['median']:.1f} ({rate['p10']:.1f} to {rate['p90']:.1f}) "
                f"| {over['wall']:.2f} | {over['processor']:.2f} |"
            )
    rounds = " and ".join(str(job["n"]) for job in record["networks"].values())
    load = " to ".join(f"{value:.1f}" for value in record["load"])
    note = (
        f"n = {rounds} rounds, in which each side takes a step in turn; ratios are medians of the "
        f"rounds; "
        f"AdamW, label smoothing, float32, {record['threads']} threads, {machine(record)}, timm "
        f"{record['environment']['timm']}, load {load}; `{record['command']}`"
    )
    return "\n".join([*lines, "", f"({note})"])


def proxy() -> str:
    """What the recipe for small images owes to each of its choices."""
    record = read("benchmarks/records/proxy_recipe.json")
    data, base = record["data"], record["rows"][0]
    lines = [
        "| recipe | test top-1 | n | minus proxy_32 | training loss | minutes |",
        "|---|---|---|---|---|---|",
    ]
    for row in record["rows"]:
        spread = f" ± {row['test_std']:.1f}" if row["test_std"] is not None else ""
        less = "" if row is base else f"{row['test_mean'] - base['test_mean']:+.1f}"
        lines.append(
            f"| {row['case']} | {row['test_mean']:.1f}{spread} | {row['n']} | {less} "
            f"| {row['train_loss']:.2f} | {row['minutes']:.1f} |"
        )
    note = (
        f"{record['network']['name']} at {record['network']['input_size']} pixels, "
        f"{record['epochs']} epochs in batches of {record['batch_size']} on {data['train']:,} "
        f"training images, with 1,000 to validate, of a fifth of CIFAR-10; tested once on "
        f"{data['test']:,}; ± is the standard deviation over n seeds; rows with n = 1 have "
        f"about the noise of the first row; {record['device']['name']}, one thread per training, "
        f"{machine(record)}; `{record['command']}`"
    )
    return "\n".join([*lines, "", f"({note})"])


def depthwise() -> str:
    """The gradient of a depthwise kernel, torch's and ours."""
    record = read("benchmarks/records/depthwise.json")
    lines = [
        "| maps | forward ms | kernel gradient, torch ms | kernel gradient, designspace ms "
        "| speed-up |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['batch']} of {row['side']}x{row['side']}x{row['channels']} | "
        f"{row['forward_ms']:.2f} | {row['torchs_ms']:.2f} | {row['ours_ms']:.2f} | "
        f"{row['times_as_quick']:.1f} |"
        for row in record["rows"]
    ]
    worst = max(row["largest_difference"] for row in record["rows"])
    note = (
        f"kernel size {record['kernel_size']}, n = {record['n']} in turn, medians of CPU time, one "
        f"thread, {machine(record)}; largest difference {worst:.0e} of the largest value; "
        f"`{record['command']}`"
    )
    return "\n".join([*lines, "", f"({note})"])


PARTS = {
    "small_images": small_images,
    "training": training,
    "depthwise": depthwise,
    "proxy": proxy,
}
