// What an export can be, as the API takes it.

export const VIDEO_FORMATS = [
  { value: "mp4-h264", label: "MP4 · H.264", codec: "h264", ending: "mp4", hint: "Plays nearly everywhere." },
  { value: "mp4-hevc", label: "MP4 · HEVC", codec: "hevc", ending: "mp4", hint: "Smaller files; newer players." },
  { value: "webm-vp9", label: "WebM · VP9", codec: "vp9", ending: "webm", hint: "For web pages." },
  { value: "mp4-av1", label: "MP4 · AV1", codec: "av1", ending: "mp4", hint: "The smallest files; newer players." },
  { value: "mkv-ffv1", label: "MKV · FFV1", codec: "ffv1", ending: "mkv", lossless: true, hint: "Loses nothing; very large. For further editing." },
];

export const PICTURE_FORMATS = [
  { value: "png", label: "PNG", codec: "png", ending: "png", lossless: true, hint: "Loses nothing." },
  { value: "jpg", label: "JPEG", codec: "jpeg", ending: "jpg", hint: "Small files, no transparency." },
  { value: "webp", label: "WebP", codec: "webp", ending: "webp", hint: "Smaller still; for web pages." },
];

const SIDES = [1920, 1280, 1080, 720, 480];

export const formatsOf = (medium) => (medium.kind === "picture" ? PICTURE_FORMATS : VIDEO_FORMATS);

/** The format that is chosen, of those that this medium can have. */
export const formatOf = (medium, value) => formatsOf(medium).find((one) => one.value === value) ?? formatsOf(medium)[0];

/** Sizes below the source's, each with what comes of it. */
export function sizesOf(medium) {
  const long = Math.max(medium.width, medium.height);
  return [
    { value: 0, label: `Source, ${medium.width} × ${medium.height}` },
    ...SIDES.filter((side) => side < long).map((side) => ({ value: side, label: sized(medium, side) })),
  ];
}

function sized(medium, side) {
  const share = side / Math.max(medium.width, medium.height);
  const even = (length) => Math.max(2, 2 * Math.round((length * share) / 2));
  return `${even(medium.width)} × ${even(medium.height)}`;
}

/** "dog.mov" and "Van Gogh" as "dog - Van Gogh.mp4". */
export function fileName(medium, look, ending) {
  const stem = medium.name.replace(/\.[^.]{1,5}$/, "").slice(0, 80);
  return `${stem} - ${look}.${ending}`;
}
