// `fdfs debug decode`: bytes of the protocol, written as hexadecimal text, back into named fields. It reads the same
// declarations as servers and clients do, so what it cannot explain they could not either.

import { Buffer } from "node:buffer";
import { type AnyCommand, commandsByNumber } from "../core/wire/commands.ts";
import { decodeHeader, type Header, RESPONSE_COMMAND } from "../core/wire/header.ts";
import { HEADER_SIZE } from "../core/wire/limits.ts";
import { Reader } from "../core/wire/reader.ts";
import { statusName } from "../core/wire/status.ts";
import { type CommandContext, UsageError } from "./command.ts";
import { isSet } from "./options.ts";

interface DecodedPacket {
  readonly command: number;
  readonly name: string;
  readonly status: number;
  readonly bodyLength: number;
  /** Null when the body fits no declared layout. */
  readonly fields: Record<string, unknown> | null;
  /** Bytes of file content behind the fields, or a body that could not be explained. */
  readonly restBytes: number;
  readonly remark?: string;
}

export async function run(context: CommandContext): Promise<number> {
  const [action, ...words] = context.args;
  if (action !== "decode") throw new UsageError(`No debug action is named "${action ?? ""}", allowed is decode`);
  const bytes = parseHex(words.length > 0 ? words.join("") : await readAll(context.stdin));
  const packets = decodePackets(bytes);
  const text = isSet(context.options, "json")
    ? `${JSON.stringify(packets, null, 2)}\n`
    : packets.map((packet) => packetText(packet)).join("\n");
  await context.stdout.write(text);
  return 0;
}

async function readAll(input: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of input) chunks.push(chunk);
  return Buffer.concat(chunks).toString("latin1");
}

function parseHex(text: string): Uint8Array {
  const digits = text.replace(/0x|[\s:,<>]/gi, "");
  if (!/^([0-9a-f]{2})*$/i.test(digits))
    throw new UsageError("The packet is no hexadecimal text with two digits a byte");
  return new Uint8Array(Buffer.from(digits, "hex"));
}

/** Splits a dump into packets. An answer is read with the request in front of it, since it does not name its command. */
function decodePackets(bytes: Uint8Array): DecodedPacket[] {
  const packets: DecodedPacket[] = [];
  let asked: AnyCommand | null = null;
  let offset = 0;
  while (offset < bytes.length) {
    if (bytes.length - offset < HEADER_SIZE) {
      throw new UsageError(`${bytes.length - offset} bytes at ${offset} are less than a header (${HEADER_SIZE})`);
    }
    const header = decodeHeader(bytes, offset);
    const start = offset + HEADER_SIZE;
    const end = header.bodyLength >= 0 ? Math.min(start + header.bodyLength, bytes.length) : start;
    const packet = decodePacket(header, bytes.subarray(start, end), asked);
    packets.push(packet);
    asked = header.command === RESPONSE_COMMAND ? null : (commandsByNumber.get(header.command) ?? null);
    offset = end;
  }
  return packets;
}

function decodePacket(header: Header, body: Uint8Array, asked: AnyCommand | null): DecodedPacket {
  const isResponse = header.command === RESPONSE_COMMAND;
  const command = isResponse ? asked : (commandsByNumber.get(header.command) ?? null);
  const base = {
    command: header.command,
    name: isResponse ? `RESPONSE${command === null ? "" : ` to ${command.name}`}` : (command?.name ?? "unknown"),
    status: header.status,
    bodyLength: header.bodyLength,
  };
  const cut =
    body.length < header.bodyLength ? `only ${body.length} of ${header.bodyLength} body bytes are there` : null;
  const unexplained = (remark: string): DecodedPacket => ({ ...base, fields: null, restBytes: body.length, remark });
  if (header.bodyLength < 0) return unexplained("negative body length");
  if (command === null) {
    if (body.length === 0) return { ...base, fields: {}, restBytes: 0 };
    return unexplained(isResponse ? "the request in front of it is not there" : "no such command");
  }
  if (isResponse && header.status !== 0) return { ...base, fields: {}, restBytes: body.length };
  try {
    const layout = isResponse ? command.response : command.request;
    const streams = isResponse ? command.responseStream : command.requestStream;
    const reader = new Reader(body, (isResponse ? layout.ipSizeOf(body.length) : null) ?? 16);
    const fields = layout.decode(reader, {}) as Record<string, unknown>;
    if (reader.remaining > 0 && !streams) return unexplained(`${reader.remaining} bytes too long for its layout`);
    return { ...base, fields, restBytes: reader.remaining, ...(cut === null ? {} : { remark: cut }) };
  } catch (error) {
    return unexplained(cut ?? (error instanceof Error ? error.message : String(error)));
  }
}

function packetText(packet: DecodedPacket): string {
  const status = packet.status === 0 ? "0" : `${packet.status} ${statusName(packet.status)}`;
  const lines = [`${packet.command} ${packet.name}  status ${status}  body ${packet.bodyLength} bytes`];
  if (packet.fields !== null) lines.push(...fieldLines(packet.fields, "  "));
  if (packet.restBytes > 0)
    lines.push(`  (${packet.restBytes} bytes ${packet.fields === null ? "unexplained" : "of content"})`);
  if (packet.remark !== undefined) lines.push(`  ! ${packet.remark}`);
  return `${lines.join("\n")}\n`;
}

function fieldLines(fields: Record<string, unknown>, indent: string): string[] {
  return Object.entries(fields).flatMap(([name, value]) => {
    if (Array.isArray(value)) {
      return value.flatMap((item, index) => [
        `${indent}${name}[${index}]`,
        ...fieldLines(item as Record<string, unknown>, `${indent}  `),
      ]);
    }
    if (value instanceof Uint8Array) return [`${indent}${name} = ${Buffer.from(value).toString("hex")}`];
    if (typeof value === "object" && value !== null) {
      return [`${indent}${name}`, ...fieldLines(value as Record<string, unknown>, `${indent}  `)];
    }
    return [`${indent}${name} = ${JSON.stringify(value)}`];
  });
}
