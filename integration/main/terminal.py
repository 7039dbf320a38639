"""Runs a command on a terminal of its own, and presses Ctrl-C.

terminal.py TEXT SECONDS COMMAND...: presses it once the text has come, and prints
what came of the command as JSON.
"""

import json
import os
import pty
import select
import signal
import sys
import time

text, seconds, *command = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
end = time.monotonic() + float(seconds)
said = b""
pressed = False
while time.monotonic() < end:
    readable, _, _ = select.select([terminal], [], [], 0.2)
    if not readable:
        continue
    try:
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    said += part
    if not pressed and text.encode() in said:
        pressed = True
        os.write(terminal, b"\x03")
else:
    os.kill(pid, signal.SIGKILL)
_, status = os.waitpid(pid, 0)
print(json.dumps({
    "code": os.waitstatus_to_exitcode(status),
    "said": said.decode(errors="replace").replace("\r", ""),
}))
