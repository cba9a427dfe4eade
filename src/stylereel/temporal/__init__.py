"""Between frames: flow, occlusion, cuts, stabilisers. No torch, no files."""
