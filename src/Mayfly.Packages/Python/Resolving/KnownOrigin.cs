namespace Mayfly.Packages.Python.Resolving;

/// <summary>Where a project came from before.</summary>
/// <param name="Place">The index, without a password, or the folder or page of files.</param>
/// <param name="Digests">SHA-256 of its files that are known: what is one of them may come from anywhere.</param>
/// <param name="Holder">Who knows it, for messages: <c>pylock.toml</c>, the environment.</param>
public sealed record KnownOrigin(Uri Place, IReadOnlySet<string> Digests, string Holder);
