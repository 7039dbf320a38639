"""Stands in for systemd: a unix datagram socket that says what it gets, and from
whom, a line of JSON each. receiver.py PATH; an "@" stands for a null byte.
"""

import json
import os
import socket
import struct
import sys

path = sys.argv[1]
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
receiver.bind("\0" + path[1:] if path.startswith("@") else path)
if not path.startswith("@"):
    os.chmod(path, 0o777)
print("listening", flush=True)
while True:
    data, ancillary, _, _ = receiver.recvmsg(65536, 1024)
    for level, kind, value in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            for (each,) in struct.iter_unpack("i", value):
                os.close(each)
    pids = [
        struct.unpack("iII", value)[0]
        for level, kind, value in ancillary
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS)
    ]
    print(json.dumps({"pid": pids[0], "text": data.decode()}), flush=True)
