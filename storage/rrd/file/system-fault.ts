/** What the operating system had against it, in the words of C's libraries, which scripts know. */

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "No such file or directory",
  EACCES: "Permission denied",
  EPERM: "Operation not permitted",
  EEXIST: "File exists",
  ENOTDIR: "Not a directory",
  EISDIR: "Is a directory",
  ENOSPC: "No space left on device",
  EROFS: "Read-only file system",
  ENAMETOOLONG: "File name too long",
  ELOOP: "Too many levels of symbolic links",
  EMFILE: "Too many open files",
  EDQUOT: "Disk quota exceeded",
};

export function systemFault(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return WORDS[code ?? ""] ?? message ?? String(error);
}
