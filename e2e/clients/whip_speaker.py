"""A WHIP speaker on aiortc, which shares no code with the server: plays a WAV file until it is ended.

usage: whip_speaker.py URL KEY WAV

Prints `connected` once media flows. On SIGTERM it takes its session down as RFC 9725 says and prints the
status of that."""

import asyncio
import signal
import sys
import urllib.error
import urllib.parse
import urllib.request

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer


def ask(method, url, key, body=None):
    headers = {"Authorization": f"Bearer {key}"}
    if body is not None:
        headers["Content-Type"] = "application/sdp"
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.headers, response.read().decode()
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {url}: {error.code} {error.read().decode()}")


async def main(url, key, wav):
    peer = RTCPeerConnection()
    peer.addTransceiver(MediaPlayer(wav, loop=True).audio, direction="sendonly")
    connected = asyncio.Event()

    @peer.on("connectionstatechange")
    def changed():
        if peer.connectionState == "connected":
            connected.set()

    await peer.setLocalDescription(await peer.createOffer())
    offer = peer.localDescription.sdp.encode()
    status, headers, answer = await asyncio.to_thread(ask, "POST", url, key, offer)
    assert status == 201, status
    assert headers["Content-Type"].startswith("application/sdp"), headers["Content-Type"]
    assert headers["ETag"], "RFC 9725 §4.3.1: a session that can restart ICE has an entity tag"
    session = urllib.parse.urljoin(url, headers["Location"])
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await connected.wait()
    print("connected", flush=True)
    await ended.wait()
    status, _, _ = await asyncio.to_thread(ask, "DELETE", session, key)
    print(f"ended {status}", flush=True)
    await peer.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
