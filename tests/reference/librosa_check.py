"""Every descriptor beside librosa's, or numpy's where librosa has none.

Cuts the music in the given folders into excerpts, asks `auralis fingerprint`
and librosa about each, and prints Spearman's rank correlation per descriptor as
the table of librosa.md. Run by hand, once per change of a definition:

    python3 -m venv venv && venv/bin/pip install librosa pyloudnorm soundfile
    cargo build --release -p auralis-server
    venv/bin/python tests/reference/librosa_check.py \
        --auralis target/release/auralis MUSIC...

Tempos are compared by `tempo_check.py`, on music whose tempo is known.
"""

import argparse
import json
import math
import pathlib
import subprocess
import tempfile

import librosa
import numpy as np
import pyloudnorm
import soundfile
from scipy.signal import lfilter
from scipy.stats import spearmanr

EXCERPT_S = 8.0
"""Long enough for a few bars and short-term windows, short enough for 60 of few pieces."""
EDGES_HZ = [20, 60, 250, 500, 2_000, 4_000, 8_000, 20_000]
BANDS = ["sub_bass", "bass", "low_mid", "mid", "upper_mid", "presence", "air"]

MATCHING = BANDS + [
    "lufs", "crest_db", "bass_mid_ratio", "silence_ratio", "spectral_centroid", "spectral_rolloff",
    "spectral_flatness", "harmonic_ratio", "dynamic_range_variation", "loudness_variation_std",
    "peak_consistency", "stereo_width", "phase_correlation",
]
"""Defined on both sides alike: these must reach 0.9."""


def excerpts(folders, into):
    """Writes the excerpts as WAV files of floats; gives their paths."""
    paths = []
    for folder in folders:
        files = sorted(p for p in pathlib.Path(folder).rglob("*") if p.suffix in {".ogg", ".flac", ".wav"})
        for file in files:
            raw = pathlib.Path(into) / "whole.wav"
            told = ["ffmpeg", "-v", "error", "-y", "-i", file, "-c:a", "pcm_f32le", "-ar", "44100", raw]
            if subprocess.run(told, check=False).returncode:
                continue
            sound, rate = soundfile.read(raw, always_2d=True, dtype="float32")
            n = int(EXCERPT_S * rate)
            for i in range(len(sound) // n):
                path = pathlib.Path(into) / f"{len(paths):04}.wav"
                soundfile.write(path, sound[i * n : (i + 1) * n], rate, subtype="FLOAT")
                paths.append(path)
            raw.unlink()
    return paths


def ours(auralis, paths):
    told = [auralis, "fingerprint", "--json", *map(str, paths)]
    lines = subprocess.run(told, check=True, capture_output=True, text=True).stdout.splitlines()
    return [json.loads(line)["descriptors"] for line in lines]


def k_weighted(stereo, rate):
    meter = pyloudnorm.Meter(rate)
    out = stereo
    for stage in meter._filters.values():
        out = lfilter(stage.b, stage.a, out, axis=0)
    return out


def theirs(path):
    sound, rate = soundfile.read(path, always_2d=True)
    stereo = np.repeat(sound, 2, axis=1) if sound.shape[1] == 1 else sound[:, :2]
    left, right = stereo.T
    mono = stereo.mean(axis=1)
    n_fft, hop = 4_096, 1_024
    frames = sum(np.abs(librosa.stft(x, n_fft=n_fft, hop_length=hop)) ** 2 for x in (left, right))
    hz = librosa.fft_frequencies(sr=rate, n_fft=n_fft)
    whole = frames.sum(axis=1, keepdims=True)
    audible = (hz >= 20) & (hz <= 20_000)
    d = {}

    powers = [float(whole[(hz >= a) & (hz < b)].sum()) for a, b in zip(EDGES_HZ, EDGES_HZ[1:])]
    d.update(zip(BANDS, np.array(powers) / max(sum(powers), 1e-30)))
    d["bass_mid_ratio"] = 10 * math.log10((powers[0] + powers[1] + 1e-12) / (powers[2] + powers[3] + 1e-12))
    d["lufs"] = pyloudnorm.Meter(rate).integrated_loudness(stereo)

    peak, rms = np.abs(stereo).max(), math.sqrt((stereo**2).mean())
    d["crest_db"] = 20 * math.log10(peak / rms)
    level = librosa.power_to_db(frames[2:].sum(axis=0), ref=1.0, amin=1e-20, top_db=None)
    sounding = level > level.max() - 60
    d["silence_ratio"] = 1 - sounding.mean()

    magnitude = np.sqrt(whole)
    d["spectral_centroid"] = librosa.feature.spectral_centroid(S=whole, freq=hz)[0, 0]
    d["spectral_rolloff"] = librosa.feature.spectral_rolloff(S=whole, freq=hz, roll_percent=0.85)[0, 0]
    d["centroid by default"] = librosa.feature.spectral_centroid(y=mono, sr=rate).mean()
    d["rolloff by default"] = librosa.feature.spectral_rolloff(y=mono, sr=rate).mean()
    flat = librosa.feature.spectral_flatness(S=frames[audible], power=1.0, amin=1e-20)[0]
    d["spectral_flatness"] = flat[sounding].mean()

    # Medians over 0.4 s and 550 Hz, as ours; both masks are Wiener's.
    low = hz <= 10_000
    kernel = (17, 51)
    harmonic, _ = librosa.decompose.hpss(np.sqrt(frames[low]), kernel_size=kernel, power=2.0)
    d["harmonic_ratio"] = (harmonic * np.sqrt(frames[low])).sum() / frames[low].sum()

    pitch, voiced, _ = librosa.pyin(mono, fmin=75, fmax=1_100, sr=rate, frame_length=4_096, hop_length=hop)
    cents = np.abs(1_200 * np.log2(pitch[2:] / pitch[:-2]))
    still = cents[np.isfinite(cents) & (cents < 100)] / (2 * hop / rate)
    d["pitch_stability"] = voiced.mean() / (1 + (still.mean() if len(still) else 0) / 500)
    chroma = librosa.feature.chroma_stft(S=frames, sr=rate, n_fft=n_fft, norm=1, tuning=0.0)
    d["chroma_energy"] = (chroma**2).sum(axis=0)[sounding].mean()

    tempo, beats = librosa.beat.beat_track(y=mono, sr=rate, units="time")
    d["tempo_bpm"] = float(np.atleast_1d(tempo)[0])
    between = np.diff(beats)
    d["rhythm_stability"] = 1 / (1 + between.std() / between.mean()) if len(between) > 2 else 0.0
    d["transient_density"] = len(librosa.onset.onset_detect(y=mono, sr=rate)) / (len(mono) / rate)

    seconds = librosa.util.frame(stereo.T, frame_length=rate, hop_length=rate)
    tops = np.abs(seconds).max(axis=(0, 1))
    roots = np.sqrt((seconds**2).mean(axis=(0, 1)))
    heard = roots > roots.max() * 1e-3
    d["dynamic_range_variation"] = (20 * np.log10(tops[heard] / roots[heard])).std()
    d["peak_consistency"] = 1 / (1 + tops[heard].std() / tops[heard].mean())

    windows = librosa.util.frame(k_weighted(stereo, rate).T, frame_length=3 * rate, hop_length=rate // 10)
    powers = (windows**2).mean(axis=1).sum(axis=0)
    loud = powers[powers > 10 ** ((-70 + 0.691) / 10)]
    loud = loud[loud > loud.mean() * 0.01] if len(loud) else loud
    d["loudness_variation_std"] = (10 * np.log10(loud)).std() if len(loud) else 0.0

    middle, side = (math.sqrt((x**2).mean()) for x in (left + right, left - right))
    d["stereo_width"] = side / (middle + side)
    varies = left.std() > 0 and right.std() > 0
    d["phase_correlation"] = np.corrcoef(left, right)[0, 1] if varies else 1.0
    return d


def correlate(auralis, folders):
    with tempfile.TemporaryDirectory() as into:
        paths = excerpts(folders, into)
        mine = ours(auralis, paths)
        # Silent excerpts have no loudness to rank.
        pairs = [(m, theirs(path)) for m, path in zip(mine, paths) if m["lufs"] is not None]
    print(f"{len(pairs)} excerpts of {EXCERPT_S:g} s, librosa {librosa.__version__}\n")
    print("| descriptor | rank correlation | median difference |")
    print("|---|---|---|")
    short = []
    for name in list(mine[0]) + ["centroid by default", "rolloff by default"]:
        own = {"centroid by default": "spectral_centroid", "rolloff by default": "spectral_rolloff"}.get(name, name)
        x = np.array([m[own] for m, _ in pairs], float)
        y = np.array([t[name] for _, t in pairs], float)
        rank = spearmanr(x, y).statistic
        print(f"| {name} | {rank:.3f} | {np.median(np.abs(x - y)):.4g} |")
        if name in MATCHING and not rank >= 0.9:
            short.append(name)
    if short:
        raise SystemExit(f"under 0.9: {', '.join(short)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--auralis", default="target/release/auralis")
    parser.add_argument("music", nargs="+")
    asked = parser.parse_args()
    correlate(asked.auralis, asked.music)
