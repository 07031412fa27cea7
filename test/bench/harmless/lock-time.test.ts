/** Lines as strace writes them with -f -tt -o; process ids and times are made up. */
import { describe, expect, it } from "vitest";
import { visitsOf } from "./lock-time.js";

const WHO = '{sa_family=AF_INET, sin_port=htons(40312), sin_addr=inet_addr("10.77.0.12")}, [16]';

describe("visits in a trace", () => {
  it.each([
    [
      "of a process id of five digits",
      [`12345 03:05:00.100000 accept(7, ${WHO}) = 9`, "12345 03:05:00.350000 close(9) = 0"],
    ],
    [
      "of a process id of three, which strace fills up with blanks",
      [`123   03:05:00.100000 accept(7, ${WHO}) = 9`, "123   03:05:00.350000 close(9) = 0"],
    ],
    ["of one of seven", [`1234567 03:05:00.100000 accept(7, ${WHO}) = 9`, "1234567 03:05:00.350000 close(9) = 0"]],
    [
      "by accept4",
      [`12345 03:05:00.100000 accept4(7, ${WHO}, SOCK_CLOEXEC) = 9`, "12345 03:05:00.350000 close(9) = 0"],
    ],
    [
      "whose calls another thread interrupts",
      [
        "12345 03:05:00.000000 accept(7,  <unfinished ...>",
        "12346 03:05:00.050000 close(4)          = 0",
        `12345 03:05:00.100000 <... accept resumed>${WHO}) = 9`,
        "12345 03:05:00.350000 close(9 <unfinished ...>",
        "12346 03:05:00.360000 close(5)          = 0",
        "12345 03:05:00.370000 <... close resumed>) = 0",
      ],
    ],
  ])("%s are found, from accepting to closing", (_what, lines) => {
    const [visit, ...others] = visitsOf(`${lines.join("\n")}\n`);
    expect(visit?.client).toBe("10.77.0.12");
    expect(visit?.heldMs).toBeCloseTo(250, 6);
    expect(others).toEqual([]);
  });

  it.each([
    ["a client that is still served", [`12345 03:05:00.1 accept(7, ${WHO}) = 9`]],
    ["a file that was never accepted", ["12345 03:05:00.1 close(9) = 0"]],
    ["a line that has only begun", [`12345 03:05:00.1 accept(7, ${WHO}) = 9`, "12345 03:05:0"]],
  ])("%s is no visit", (_what, lines) => {
    expect(visitsOf(lines.join("\n"))).toEqual([]);
  });
});
