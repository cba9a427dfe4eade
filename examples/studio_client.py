"""Lay a look over a video by a running `stylereel serve`: studio_client.py in.mp4 out.mp4 vangogh"""

import json
import os
import shutil
import sys
import time
from urllib.request import Request, urlopen

API = os.environ.get("STYLEREEL_STUDIO", "http://127.0.0.1:7860") + "/api"
HEADERS = {"Content-Type": "application/json", "Authorization": f"Bearer {os.getenv('STYLEREEL_TOKEN')}"}


def ask(path, body=None):
    return urlopen(Request(API + path, body, HEADERS))


with open(sys.argv[1], "rb") as file:  # streamed, however large it is
    media = json.load(ask("/media", file))
job = json.load(
    ask("/jobs", json.dumps({"kind": "stylize", "media": media["id"], "look": sys.argv[3]}).encode())
)
while job["state"] in ("waiting", "running"):
    time.sleep(0.5)
    job = json.load(ask(f"/jobs/{job['id']}"))
if job["state"] != "done":
    sys.exit(f"{job['state']}: {job['error']}")
with ask(f"/media/{job['result']['media']}/file") as result, open(sys.argv[2], "wb") as file:
    shutil.copyfileobj(result, file)
