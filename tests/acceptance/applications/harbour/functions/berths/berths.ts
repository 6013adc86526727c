// Berth 1 is the smallest; a boat lies where it just fits.
interface Boat {
  boat: string;
  length: number;
}

export function berth(boat: Boat, berths: number): number {
  const smallest: number = Math.ceil(boat.length / 2);
  return smallest <= berths ? smallest : 0;
}

export async function handler(event: Boat): Promise<{ berth: number }> {
  return { berth: berth(event, Number(process.env.BERTHS ?? "1")) };
}
