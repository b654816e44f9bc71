"""Drives the PyPI package `py3Fdfs`, unmodified.

Names go in and come out as bytes. It has no query-file-info call and set_meta_data ignores its op_flag argument.
A call that fails half-way leaves its pooled tracker connection out of step, so every check opens a new client.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "driver-kit"))
from checks import check, must_fail, not_offered, same, sample, sample_with_crc, text  # noqa: E402
from fdfs_client.client import Fdfs_client, Storage_client, Tracker_client, get_tracker_conf  # noqa: E402
from fdfs_client.utils import split_remote_fileid  # noqa: E402

host, port, group, folder = sys.argv[1:5]
small = sample_with_crc(1500, False)
high = sample_with_crc(1200, True)
large = sample(1_000_017, 7)
source = os.path.join(folder, "source.jpg")
with open(source, "wb") as file:
    file.write(small)
conf = os.path.join(folder, "client.conf")
with open(conf, "w", encoding="utf-8") as file:
    file.write(f"connect_timeout = 10\nnetwork_timeout = 30\nbase_path = {folder}\ntracker_server = {host}:{port}\n")
client = None
ID = rf"^{group}/M00/[0-9A-F]{{2}}/[0-9A-F]{{2}}/[\w-]{{30}}\."


def open_client():
    global client
    client = Fdfs_client(get_tracker_conf(conf))


def run(name, body):
    open_client()
    return check(name, body)


def made(result, extension):
    name = result["Remote file_id"]
    assert re.match(ID + extension + "$", text(name)), name
    return name


def fetch(name, **options):
    return client.download_to_buffer(name, **options)["Content"]


def upload_file():
    same(small, fetch(made(client.upload_by_filename(source), "jpg")))


def upload_large():
    same(large, fetch(made(client.upload_by_buffer(large, "bin"), "bin")))


def upload_with_metadata():
    name = made(client.upload_by_buffer(small, "txt", {"width": "1024"}), "txt")
    found = client.get_meta_data(name)
    assert found == {b"width": b"1024"}, found


def to_file():
    target = os.path.join(folder, "down")
    client.download_to_file(target, file_id)
    with open(target, "rb") as down:
        same(small, down.read())


def low_level_part():
    """The facade cannot pass an offset; the package's Storage_client can."""
    group_name, name = split_remote_fileid(file_id)
    tracker = Tracker_client(client.tracker_pool)
    server = tracker.tracker_query_storage_fetch(group_name, name)
    storage = Storage_client(server.ip_addr, server.port, 10)
    result = storage.storage_download_to_buffer(tracker, server, None, 100, 300, name)
    same(small[100:400], result["Content"])


def slave():
    name = client.upload_slave_by_filename(source, file_id, "_big")["Remote file_id"]
    assert text(name) == text(file_id).replace(".txt", "_big.jpg"), name
    same(small, fetch(name))


def append():
    client.append_by_buffer(high, appender)
    same(small + high, fetch(appender))


def modify():
    client.modify_by_buffer(b"MODIFIED", appender)
    same(b"MODIFIED" + small[8:] + high, fetch(appender))


def truncate():
    client.truncate_file(50, appender)
    same((b"MODIFIED" + small[8:])[:50], fetch(appender))


def metadata_overwrite():
    client.set_meta_data(file_id, {"gone": "1"})
    client.set_meta_data(file_id, {"width": "1024", "height": "768"})
    found = client.get_meta_data(file_id)
    assert found == {b"width": b"1024", b"height": b"768"}, found


def list_groups():
    found = client.list_all_groups()
    assert found["Groups count"] == 1, found


def list_one_group():
    found = client.list_one_group(group.encode())
    assert text(found.group_name).strip("\0") == group, found.group_name


def list_storages():
    found = client.list_servers(group.encode())
    assert len(found["Servers"]) == 1, found


check("client-conf", open_client)
file_id = run("upload-buffer", lambda: made(client.upload_by_buffer(small, "txt"), "txt"))
run("upload-file", upload_file)
run("upload-with-metadata", upload_with_metadata)
run("upload-1mb", upload_large)
run("slave-upload", slave)
appender = run("appender-upload", lambda: made(client.upload_appender_by_buffer(small, "log"), "log"))
run("appender-append", append)
run("appender-modify", modify)
run("appender-truncate", truncate)
run("append-to-normal-file", lambda: must_fail(lambda: client.append_by_buffer(high, file_id), word="22"))
run("download-whole", lambda: same(small, fetch(file_id)))
run("download-part", lambda: same(small[100:400], fetch(file_id, offset=100, down_bytes=300)))
run("download-part-by-storage-client", low_level_part)
run("download-to-file", to_file)
run("metadata-overwrite", metadata_overwrite)
not_offered("metadata-merge", "file-info")
run("list-groups", list_groups)
run("list-one-group", list_one_group)
run("list-storages", list_storages)
run("delete", lambda: client.delete_file(file_id))
run("gone-after-delete", lambda: must_fail(lambda: fetch(file_id), word="2"))
run("delete-again", lambda: must_fail(lambda: client.delete_file(file_id), word="2"))
