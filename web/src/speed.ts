/** The playback speed, stored in this browser; 1 where storage is off. */

const kKey = "tapedeck.speed";
const kUsualSpeed = 1;

export function readSpeed(allowed: readonly number[]): number {
  try {
    const speed = Number(localStorage.getItem(kKey));
    return allowed.includes(speed) ? speed : kUsualSpeed;
  } catch {
    return kUsualSpeed;
  }
}

export function writeSpeed(speed: number): void {
  try {
    localStorage.setItem(kKey, String(speed));
  } catch {
    // Not stored: the choice lasts as long as the page.
  }
}
