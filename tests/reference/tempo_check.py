"""Our tempo beside librosa's, aubio's and Essentia's, on music whose tempo is written down.

The music is MIDI of one constant tempo, which its file states, played by
FluidSynth, and the demo album. Nothing of it is kept here: Debian has it, each
with its licence under /usr/share/doc/PACKAGE/copyright.

    openttd-openmsx      28 pieces of OpenMSX, GPL-2
    freedoom             51 pieces of Freedoom's two WAD files, 3-clause BSD
    fluid-soundfont-gm   what plays them, Fluid (R3) General MIDI, MIT

Run by hand, once per change of what a tempo is:

    apt-get install fluidsynth fluid-soundfont-gm openttd-openmsx freedoom
    python3 -m venv venv && venv/bin/pip install librosa aubio essentia mido soundfile
    cargo build --release -p auralis-server
    venv/bin/python tests/reference/tempo_check.py --auralis target/release/auralis \\
        --demo DATA/demo INTO

INTO keeps the renders for the next run; DATA is where a server composed its
album. `--games` and `--wads` say where the packages are, if not under /usr.
"""

import argparse
import json
import pathlib
import struct
import subprocess

import aubio
import essentia
import librosa
import mido
import numpy as np
import soundfile
from essentia.standard import RhythmExtractor2013

RATE = 44_100
LENGTH_S = 90
RIGHT = 0.04
"""How far the MIREX task lets a tempo be off."""
CLOSE = 0.02
OFF = {"2": 2, "½": 1 / 2, "3/2": 3 / 2, "2/3": 2 / 3, "4/3": 4 / 3, "3/4": 3 / 4}
"""Wrong levels, as they are named in the table."""
DEMO = {
    "Paper Lantern": 104, "Cellar Door": 82, "Neon Rain": 116, "Full Tilt": 150,
    "Tidewater": 76, "Estuary": 76, "Kitchen Radio": 138,
}
TWICE = {"freedoom e2m6"}
"""The same piece as e1m5."""


def lumps(wad):
    """The MIDI files in a WAD file, by name."""
    raw = pathlib.Path(wad).read_bytes()
    n, at = struct.unpack("<ii", raw[4:12])
    for entry in range(at, at + 16 * n, 16):
        start, size, name = struct.unpack("<ii8s", raw[entry : entry + 16])
        if raw[start : start + 4] == b"MThd":
            yield name.rstrip(b"\0").decode().removeprefix("D_").lower(), raw[start : start + size]


def stated_tempo(path):
    """The beats per minute of a MIDI file, if it keeps to them and its notes to its beats."""
    midi = mido.MidiFile(path)
    tempos, strokes = [], []
    for track in midi.tracks:
        ticks = 0
        for message in track:
            ticks += message.time
            if message.type == "set_tempo":
                tempos.append((ticks / midi.ticks_per_beat, mido.tempo2bpm(message.tempo)))
            elif message.type == "note_on" and message.velocity:
                strokes.append(ticks / midi.ticks_per_beat)
    strokes = np.array(strokes)
    first = [bpm for beat, bpm in tempos if beat <= strokes.min()]
    if not first or midi.length < 20:
        return None
    bpm = first[-1]
    heard = [b for beat, b in tempos if strokes.min() < beat < LENGTH_S * bpm / 60]
    # Quarters and thirds of a beat; what was played freely has them nowhere.
    off = [np.abs(strokes - np.round(strokes * parts) / parts) for parts in (4, 3)]
    on_grid = np.mean(np.minimum(*off) < 0.03)
    steady = all(abs(b / bpm - 1) < 0.005 for b in heard)
    return bpm if steady and on_grid >= 0.7 else None


def render(midi, wav, font):
    told = ["fluidsynth", "-ni", "-q", "-r", str(RATE), "-g", "0.5", "-O", "s16", "-T", "raw", "-F", "/dev/stdout"]
    playing = subprocess.Popen([*told, font, midi], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    raw = playing.stdout.read(LENGTH_S * RATE * 4)
    playing.kill()
    playing.wait()
    soundfile.write(wav, np.frombuffer(raw[: len(raw) // 4 * 4], np.int16).reshape(-1, 2), RATE)


def music(asked):
    """Name, tempo and sound file of every piece."""
    into = pathlib.Path(asked.into)
    into.mkdir(parents=True, exist_ok=True)
    for wad in sorted(pathlib.Path(asked.wads).glob("freedoom?.wad")):
        for name, raw in lumps(wad):
            (into / f"freedoom {name}.mid").write_bytes(raw)
    for path in pathlib.Path(asked.games).glob("*.mid"):
        (into / f"openmsx {path.stem}.mid").write_bytes(path.read_bytes())
    for midi in sorted(into.glob("*.mid")):
        bpm = stated_tempo(midi)
        if bpm is None or midi.stem in TWICE:
            continue
        wav = midi.with_suffix(".wav")
        if not wav.exists():
            render(midi, wav, asked.font)
        yield midi.stem, bpm, wav
    if asked.demo:
        for path in sorted(pathlib.Path(asked.demo).glob("*.flac")):
            yield f"demo {path.stem[3:]}", DEMO[path.stem[3:]], path


def tempos(auralis, path):
    """What each program says."""
    told = [auralis, "fingerprint", "--json", str(path)]
    own = json.loads(subprocess.run(told, check=True, capture_output=True, text=True).stdout)
    sound, rate = soundfile.read(path, always_2d=True, dtype="float32")
    mono = sound.mean(axis=1)
    tracker = aubio.tempo("default", 1_024, 512, rate)
    beats = [tracker.get_last_s() for at in range(0, len(mono) - 511, 512) if tracker(mono[at : at + 512])]
    low = librosa.resample(mono, orig_sr=rate, target_sr=22_050)
    return {
        "ours": own["descriptors"]["tempo_bpm"],
        "librosa": float(np.atleast_1d(librosa.beat.beat_track(y=low, sr=22_050)[0])[0]),
        "aubio": float(np.median(60 / np.diff(beats))) if len(beats) > 2 else 0.0,
        "essentia": float(RhythmExtractor2013(method="multifeature")(mono)[0]),
    }


def mark(tempo, bpm):
    """`=` where it is right, else which level it is, or `–`."""
    if tempo == 0 or abs(tempo / bpm - 1) <= RIGHT:
        return "0" if tempo == 0 else "="
    return next((name for name, k in OFF.items() if abs(tempo / bpm / k - 1) <= RIGHT), "–")


def summary(rows):
    print("| program | right within 4 % | within 2 % | another level | none | else |\n|---|---|---|---|---|---|")
    for who in rows[0][2]:
        marks = [mark(said[who], bpm) for _, bpm, said in rows]
        close = sum(abs(said[who] / bpm - 1) <= CLOSE for _, bpm, said in rows)
        counts = [marks.count("="), close, sum(m in OFF for m in marks), marks.count("0"), marks.count("–")]
        print(f"| {who} | {' | '.join(map(str, counts))} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--auralis", default="target/release/auralis")
    parser.add_argument("--demo", help="the folder of the composed album")
    parser.add_argument("--games", default="/usr/share/games/openttd/baseset/openmsx")
    parser.add_argument("--wads", default="/usr/share/games/doom")
    parser.add_argument("--font", default="/usr/share/sounds/sf2/FluidR3_GM.sf2")
    parser.add_argument("into")
    asked = parser.parse_args()
    essentia.log.infoActive = essentia.log.warningActive = False
    rows = [(name, bpm, tempos(asked.auralis, path)) for name, bpm, path in music(asked)]
    for source in ["openmsx", "freedoom", "demo", ""]:
        of = [row for row in rows if row[0].startswith(source)]
        if of:
            print(f"\n{source or 'all'}: {len(of)} pieces\n")
            summary(of)
    print("\n| piece | stated |", " | ".join(rows[0][2]), "|\n|---|---|" + "---|" * len(rows[0][2]))
    for name, bpm, said in rows:
        print(f"| {name} | {bpm:.0f} |", " | ".join(f"{x:.1f} {mark(x, bpm)}" for x in said.values()), "|")
