/** The speed of listening, remembered in this browser. Storage may be switched off; then it is 1. */

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
    // Not remembered: the choice still holds until the page is left.
  }
}
