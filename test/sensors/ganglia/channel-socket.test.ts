/** Real sockets on the loopback. */
import { createSocket, type Socket } from "node:dgram";
import { networkInterfaces } from "node:os";
import { afterEach, describe, expect, it } from "vitest";
import type { Address } from "../../../core/base/address.js";
import { openSender } from "../../../sensors/ganglia/channel-sender.js";
import { type Channel, openChannel, UnusableAddressError } from "../../../sensors/ganglia/channel-socket.js";

const GROUP = "239.2.11.71";
const cleanUp: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

/** Any free UDP port of the loopback. */
async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

interface Listening {
  readonly channel: Channel;
  readonly received: string[];
  /** Resolves at the next datagram. */
  next(): Promise<string>;
}

async function listen(address: Address, onInterface?: string, receiveBufferBytes = 65_536): Promise<Listening> {
  const received: string[] = [];
  let wake: (text: string) => void = () => {};
  const channel = await openChannel(
    { listen: address, interface: onInterface, receiveBufferBytes },
    {
      onDatagram: (octets, from) => {
        const text = `${from} ${Buffer.from(octets)}`;
        received.push(text);
        wake(text);
      },
      onError: (error) => wake(String(error)),
    },
  );
  cleanUp.push(() => channel.close());
  return {
    channel,
    received,
    next: () =>
      new Promise((resolve) => {
        wake = resolve;
      }),
  };
}

function sender(type: "udp4" | "udp6" = "udp4"): (text: string, to: Address) => void {
  const socket: Socket = createSocket(type);
  cleanUp.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  let bound: Promise<void> | undefined;
  return (text, { host, port }) => {
    bound ??= new Promise((resolve) =>
      socket.bind(0, type === "udp4" ? "127.0.0.1" : "::1", () => {
        if (type === "udp4") socket.setMulticastInterface("127.0.0.1");
        resolve();
      }),
    );
    void bound.then(() => socket.send(text, port, host));
  };
}

describe("a unicast channel", () => {
  it.each([
    ["udp4", "127.0.0.1"],
    ["udp6", "::1"],
  ] as const)("hears on %s", async (type, host) => {
    const { channel, next } = await listen({ host, port: 0 });
    channel.join();
    expect(channel.local.port).toBeGreaterThan(0);
    const heard = next();
    sender(type)("hello", channel.local);
    expect(await heard).toBe(`${host} hello`);
  });

  it.each([
    ["shared", true],
    ["its own", false],
  ])("does not take an address from a gmond that has it as %s, and says what to do", async (_, reuseAddr) => {
    const gmond = createSocket({ type: "udp4", reuseAddr });
    await new Promise<void>((resolve) => gmond.bind(0, "127.0.0.1", resolve));
    cleanUp.push(() => new Promise<void>((resolve) => gmond.close(() => resolve())));
    const { port } = gmond.address();
    const failed = listen({ host: "127.0.0.1", port });
    await expect(failed).rejects.toBeInstanceOf(UnusableAddressError);
    await expect(failed).rejects.toThrow(
      `Cannot listen on 127.0.0.1:${port}: another program receives there, most likely gmond, and packets cannot be shared. ` +
        "Poll it instead (type: ganglia-xml, on its TCP port, 8649 by default), " +
        "or give the gmonds a second udp_send_channel to another port and listen on that",
    );
    // It still hears, and we are not in between.
    const heard = new Promise((resolve) => gmond.once("message", (octets) => resolve(String(octets))));
    sender()("for gmond", { host: "127.0.0.1", port });
    expect(await heard).toBe("for gmond");
  });

  it("keeps others from sharing its address", async () => {
    const { channel } = await listen({ host: "127.0.0.1", port: 0 });
    const other = createSocket({ type: "udp4", reuseAddr: true });
    cleanUp.push(() => new Promise<void>((resolve) => other.close(() => resolve())));
    const outcome = new Promise((resolve) => {
      other.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
      other.bind(channel.local.port, "127.0.0.1", () => resolve("bound"));
    });
    expect(await outcome).toBe("EADDRINUSE");
  });

  it("may find that its address is not there yet", async () => {
    // TEST-NET-3 of RFC 5737: nobody's.
    const failed = listen({ host: "203.0.113.9", port: 0 });
    await expect(failed).rejects.toThrow("Cannot listen on 203.0.113.9:0: bind EADDRNOTAVAIL");
    await expect(failed).rejects.not.toBeInstanceOf(UnusableAddressError);
  });

  it("tells how large its buffer is", async () => {
    const { channel } = await listen({ host: "127.0.0.1", port: 0 }, undefined, 65_536);
    expect(channel.receiveBufferBytes).toBe(65_536);
    // Nobody's kernel gives a gigabyte.
    const { channel: greedy } = await listen({ host: "127.0.0.1", port: 0 }, undefined, 2 ** 30);
    expect(greedy.receiveBufferBytes).toBeLessThan(2 ** 30);
    expect(greedy.receiveBufferBytes).toBeGreaterThan(0);
  });

  it("is silent once it is closed", async () => {
    const { channel, received } = await listen({ host: "127.0.0.1", port: 0 });
    const { local } = channel;
    const closed = channel.close();
    sender()("late", local);
    await closed;
    await channel.close();
    expect(() => channel.join()).not.toThrow();
    expect(received).toEqual([]);
  });
});

describe("a multicast channel", () => {
  it("hears the group beside a gmond that does, and both hear everything", async () => {
    const port = await freePort();
    const gmond = createSocket({ type: "udp4", reuseAddr: true });
    await new Promise<void>((resolve) => gmond.bind(port, GROUP, resolve));
    cleanUp.push(() => new Promise<void>((resolve) => gmond.close(() => resolve())));
    gmond.addMembership(GROUP, "127.0.0.1");
    const { channel, next } = await listen({ host: GROUP, port }, "lo");
    channel.join();
    const heard = next();
    const heardByGmond = new Promise((resolve) => gmond.once("message", (octets) => resolve(String(octets))));
    sender()("hello", { host: GROUP, port });
    expect(await heard).toBe("127.0.0.1 hello");
    expect(await heardByGmond).toBe("hello");
  });

  it("does not hear what is sent to this machine alone", async () => {
    const { channel, received, next } = await listen({ host: GROUP, port: 0 }, "127.0.0.1");
    channel.join();
    const { port } = channel.local;
    const send = sender();
    const heard = next();
    send("for another socket", { host: "127.0.0.1", port });
    send("for the group", { host: GROUP, port });
    await heard;
    expect(received).toEqual(["127.0.0.1 for the group"]);
  });

  it("leaves its unicast port to others", async () => {
    const { channel } = await listen({ host: GROUP, port: 0 }, "lo");
    channel.join();
    const other = await listen({ host: "127.0.0.1", port: channel.local.port });
    expect(other.channel.local.port).toBe(channel.local.port);
  });

  it("hears after it has joined again", async () => {
    const { channel, next } = await listen({ host: GROUP, port: 0 }, "lo");
    channel.join();
    channel.join();
    const heard = next();
    sender()("again", channel.local);
    expect(await heard).toBe("127.0.0.1 again");
  });

  it.each([
    [GROUP, "no-such0", "Cannot join 239.2.11.71 on no-such0: there is no such interface with an IPv4 address"],
    [GROUP, "203.0.113.9", "Cannot join 239.2.11.71 on 203.0.113.9: there is no such interface with an IPv4 address"],
  ])("says that it cannot join %s on %s", async (host, onInterface, message) => {
    const { channel } = await listen({ host, port: 0 }, onInterface);
    expect(() => channel.join()).toThrow(message);
    // The interface may come: the channel is still of use.
    expect(() => channel.join()).toThrow(message);
  });
});

/** Some interface with IPv6 on which groups can be joined; the loopback has no route for them. */
function ipv6Interface(): { readonly name: string; readonly address: string } | undefined {
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    const found = addresses?.find((entry) => entry.family === "IPv6" && !entry.internal);
    if (found !== undefined) return { name, address: found.address };
  }
  return undefined;
}

const onIpv6 = ipv6Interface();

describe(`a multicast channel on IPv6${onIpv6 === undefined ? " (skipped: this machine has no IPv6)" : ""}`, () => {
  /** A group of the link, of nobody's but ours. With no hops to go a packet does not leave the machine. */
  const group = `ff12::6772:${process.pid.toString(16)}`;
  const send = (text: string, port: number, name: string) => {
    const socket = createSocket({ type: "udp6", ipv6Only: true });
    cleanUp.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
    socket.bind(0, () => {
      socket.setMulticastInterface(`::%${name}`);
      socket.setMulticastTTL(0);
      socket.send(text, port, `${group}%${name}`);
    });
  };

  it.skipIf(onIpv6 === undefined).each(["name", "address"] as const)(
    "hears the group on an interface given by its %s",
    async (how) => {
      const { name } = onIpv6 as { name: string };
      const { channel, next } = await listen({ host: group, port: 0 }, onIpv6?.[how]);
      channel.join();
      const heard = next();
      send("hello", channel.local.port, name);
      expect(await heard).toMatch(/^[0-9a-f:]+(%[\w-]+)? hello$/);
    },
  );

  it.skipIf(onIpv6 === undefined)("hears after it has joined again, and beside another that does", async () => {
    const { name } = onIpv6 as { name: string };
    const one = await listen({ host: group, port: 0 }, name);
    const two = await listen({ host: group, port: one.channel.local.port }, name);
    one.channel.join();
    one.channel.join();
    two.channel.join();
    const heard = Promise.all([one.next(), two.next()]);
    send("again", one.channel.local.port, name);
    expect((await heard).map((text) => text.split(" ")[1])).toEqual(["again", "again"]);
  });

  it.skipIf(onIpv6 === undefined)("says that it cannot join on an interface that is not there", async () => {
    const { channel } = await listen({ host: group, port: 0 }, onIpv6?.name);
    expect(() => channel.join()).not.toThrow();
    // Bound without one, the group means nothing on any.
    await expect(listen({ host: group, port: 0 }, "no-such0")).rejects.toThrow("Cannot listen on");
  });
});

describe("several channels", () => {
  it("listen at the same time, each with what is its own", async () => {
    const other = "239.2.11.72";
    const channels = [
      await listen({ host: GROUP, port: 0 }, "lo"),
      await listen({ host: other, port: 0 }, "127.0.0.1"),
      await listen({ host: "127.0.0.1", port: 0 }),
      await listen({ host: "::1", port: 0 }),
    ];
    for (const { channel } of channels) channel.join();
    const heard = Promise.all(channels.map(({ next }) => next()));
    const send = sender();
    const send6 = sender("udp6");
    for (const { channel } of channels)
      (channel.local.host === "::1" ? send6 : send)(channel.local.host, channel.local);
    expect(await heard).toEqual([`127.0.0.1 ${GROUP}`, `127.0.0.1 ${other}`, "127.0.0.1 127.0.0.1", "::1 ::1"]);
    expect(channels.map(({ received }) => received.length)).toEqual([1, 1, 1, 1]);
  });
});

describe("what asks a channel", () => {
  it("sends to the group by the chosen interface, and the listener's own socket never sends", async () => {
    const { channel, next } = await listen({ host: GROUP, port: 0 }, "lo");
    channel.join();
    const faults: string[] = [];
    const options = { listen: channel.local, interface: "lo", receiveBufferBytes: 65_536 };
    const asker = openSender(options, (error) => faults.push(String(error)));
    cleanUp.push(() => asker.close());
    const heard = next();
    // It takes a turn or two until the socket is bound.
    const timer = setInterval(() => asker.send(Buffer.from("question")), 5);
    cleanUp.push(() => clearInterval(timer));
    expect(await heard).toBe("127.0.0.1 question");
    expect(faults).toEqual([]);
    await asker.close();
    asker.send(Buffer.from("late"));
    expect(faults).toEqual([]);
  });

  it("tells what it cannot send", async () => {
    const faults: string[] = [];
    const listenAt = { host: GROUP, port: 8649 };
    const asker = openSender({ listen: listenAt, interface: "no-such0", receiveBufferBytes: 65_536 }, (error) =>
      faults.push(String(error)),
    );
    cleanUp.push(() => asker.close());
    while (faults.length === 0) {
      asker.send(Buffer.from("question"));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(faults[0]).toContain("there is no such interface with an IPv4 address");
  });
});
