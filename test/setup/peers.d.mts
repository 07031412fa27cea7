export const PEERS: Readonly<Record<string, string>>;
export function findProgram(program: string): string | undefined;
export function missingPackages(): string[];
export function canInstall(): boolean;
export function installPackages(packages: string[]): boolean;
