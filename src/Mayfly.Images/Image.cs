namespace Mayfly.Images;

/// <summary>A finished image: immutable, known by the digest of its layers.</summary>
public sealed record Image
{
    public required string Name { get; init; }

    /// <summary><c>sha256:…</c> over the layers' digests; two builds from one lock and recipe agree on it.</summary>
    public required string Digest { get; init; }

    public required string Architecture { get; init; }

    /// <summary>Lowest first.</summary>
    public required IReadOnlyList<ImageLayer> Layers { get; init; }

    /// <summary>What was generated for one machine alone and is left out of the layers: names of <see cref="Images.LeftOut.Table"/>.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];
}

/// <summary>One layer: a folder of the store in overlayfs's form (whiteouts are 0/0 character devices).</summary>
/// <param name="Key">The store's key: the hash of everything that went into it.</param>
/// <param name="Digest"><c>sha256:…</c> of its uncompressed tar, the OCI diff id.</param>
/// <param name="Origin">What made it, for people: <c>base debian:bookworm</c>, <c>packages nginx</c>, <c>copy shop/</c>.</param>
public sealed record ImageLayer(string Key, string Digest, string Origin);
