"""Drives the PyPI package `fastdfs-client`, unmodified: synchronous and asynchronous client.

It reads tracker answers with 46-byte addresses only: tracker.conf needs response_ip_addr_size = IPv6. It has no
query-file-info call; set_meta_data ignores its op_flag argument. A call that fails half-way leaves its pooled tracker
connection out of step, so every check opens a new client.
"""
import asyncio
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "driver-kit"))
from checks import check, must_fail, not_offered, same, sample, sample_with_crc, text  # noqa: E402
from fastdfs_client import FastdfsClient  # noqa: E402
from fastdfs_client.storage_client import StorageClient  # noqa: E402
from fastdfs_client.tracker_client import TrackerClient  # noqa: E402

host, port, group, folder = sys.argv[1:5]
small = sample_with_crc(1500, False)
high = sample_with_crc(1200, True)
large = sample(1_000_017, 7)
source = os.path.join(folder, "source.jpg")
with open(source, "wb") as file:
    file.write(small)
conf = {"host_tuple": (host,), "port": int(port), "timeout": 10, "name": "interop"}
client = None
ID = rf"^{group}/M00/[0-9A-F]{{2}}/[0-9A-F]{{2}}/[\w-]{{30}}\."


def run(name, body):
    global client
    client = FastdfsClient(conf)
    return check(name, body)


def made(result, extension):
    name = text(result["Remote file_id"])
    assert re.match(ID + extension + "$", name), name
    return name


def fetch(name, **options):
    return client.download_to_buffer(name, **options)["Content"]


def upload_file():
    name = made(client.upload_by_filename(source), "jpg")
    same(small, fetch(name))


def upload_large():
    same(large, fetch(made(client.upload_by_buffer(large, "bin"), "bin")))


def upload_with_metadata():
    name = made(client.upload_by_buffer(small, "txt", {"width": "1024"}), "txt")
    assert client.get_meta_data(name) == {"width": "1024"}, client.get_meta_data(name)


def to_file():
    target = os.path.join(folder, "down")
    client.download_to_file(target, file_id)
    with open(target, "rb") as down:
        same(small, down.read())


def slave():
    result = client.upload_slave_by_filename(source, file_id, "_big")
    name = text(result["Remote file_id"])
    assert name == file_id.replace(".txt", "_big.jpg"), name
    same(small, fetch(name))


def low_level(name):
    """The facade passes names as text where the package packs bytes; its StorageClient takes them as bytes."""
    group_name, path = name.split("/", 1)
    tracker = TrackerClient(client.tracker_pool)
    server = tracker.tracker_query_storage_update(group_name, path)
    return tracker, server, StorageClient(server.ip_addr, server.port, 10), path.encode()


def low_level_append():
    tracker, server, storage, path = low_level(appender)
    storage.storage_append_by_buffer(tracker, server, high, path)
    same(small + high, fetch(appender))


def low_level_modify():
    tracker, server, storage, path = low_level(appender)
    storage.storage_modify_by_buffer(tracker, server, b"MODIFIED", 100, 8, path)
    same(small[:100] + b"MODIFIED" + small[108:] + high, fetch(appender))


def low_level_truncate():
    tracker, server, storage, path = low_level(appender)
    storage.storage_truncate_file(tracker, server, 50, path)
    same(small[:50], fetch(appender))


def low_level_append_to_normal():
    tracker, server, storage, path = low_level(file_id)
    must_fail(lambda: storage.storage_append_by_buffer(tracker, server, high, path), word="22")


def append():
    client.append_by_buffer(high, appender)
    same(small + high, fetch(appender))


def modify():
    client.modify_by_buffer(b"MODIFIED", appender, 100)
    same(small[:100] + b"MODIFIED" + small[108:] + high, fetch(appender))


def truncate():
    client.truncate_file(50, appender)
    same(small[:50], fetch(appender))


def metadata_overwrite():
    client.set_meta_data(file_id, {"gone": "1"})
    client.set_meta_data(file_id, {"width": "1024", "height": "768"})
    found = client.get_meta_data(file_id)
    assert found == {"width": "1024", "height": "768"}, found


def list_groups():
    found = client.list_all_groups()
    assert found["Groups count"] == 1, found


def list_one_group():
    found = client.list_one_group(group.encode())
    assert text(found.group_name).strip("\0") == group, found.group_name


def list_storages():
    found = client.list_servers(group.encode())
    assert len(found["Servers"]) == 1, found


def asynchronous():
    async def both():
        url = await client.async_client.upload(small, "txt")
        name = url.split("://", 1)[1].split("/", 1)[1]
        assert re.match(ID + "txt$", name), name
        same(small, fetch(name))
        await client.async_client.delete(name)
        must_fail(lambda: fetch(name), word="2")

    asyncio.run(both())


file_id = run("upload-buffer", lambda: made(client.upload_by_buffer(small, "txt"), "txt"))
run("upload-file", upload_file)
run("upload-with-metadata", upload_with_metadata)
run("upload-1mb", upload_large)
run("async-upload-delete", asynchronous)
run("slave-upload", slave)
appender = run("appender-upload", lambda: made(client.upload_appender_by_buffer(small, "log"), "log"))
run("appender-append", append)
run("appender-modify", modify)
run("appender-truncate", truncate)
run("appender-append-by-storage-client", low_level_append)
run("appender-modify-by-storage-client", low_level_modify)
run("appender-truncate-by-storage-client", low_level_truncate)
run("append-to-normal-file", low_level_append_to_normal)
run("download-whole", lambda: same(small, fetch(file_id)))
run("download-part", lambda: same(small[100:400], fetch(file_id, offset=100, down_bytes=300)))
run("download-from-offset", lambda: same(small[1400:], fetch(file_id, offset=1400)))
run("download-to-file", to_file)
run("metadata-overwrite", metadata_overwrite)
not_offered("metadata-merge", "file-info")
run("list-groups", list_groups)
run("list-one-group", list_one_group)
run("list-storages", list_storages)
run("delete", lambda: client.delete_file(file_id))
run("gone-after-delete", lambda: must_fail(lambda: fetch(file_id), word="2"))
run("delete-again", lambda: must_fail(lambda: client.delete_file(file_id), word="2"))
