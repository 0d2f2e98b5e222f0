"""A peer's process: it waits for its turns. Each line of its input is a work and how long to measure it; each line of
its output is the median and the least time of a step, or what went wrong."""
import json
import statistics
import sys
import time

import works


def measure(step, seconds):
    begin = last = time.perf_counter()
    for done in range(1 << 30):
        if done >= 2 and time.perf_counter() - begin > 0.1 * seconds:
            break
        step()
    taken = []
    begin = last = time.perf_counter()
    while len(taken) < 5 or last - begin < seconds:
        step()
        now = time.perf_counter()
        taken.append(now - last)
        last = now
    return {'median': statistics.median(taken), 'min': min(taken)}


def serve(version, make_step):
    """make_step(work) makes the function that takes one step; it is kept as long as the same work is asked for."""
    print(json.dumps({'version': version}), flush=True)
    made = step = None
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if made != asked['work']:
                made, step = asked['work'], None  # the last work's memory goes first
                step = make_step(works.find(made))
                step()
            answer = {'seconds': measure(step, asked['seconds'])}
        except Exception as error:  # whatever the peer cannot do leaves a gap in the table
            made, answer = None, {'error': f'{type(error).__name__}: {error}'[:500]}
        print(json.dumps(answer), flush=True)
