namespace Mayfly.Packages.Debian;

/// <summary>One suite of the archive and where to get it.</summary>
/// <param name="Suite">The name below <c>dists/</c>: <c>bookworm-security</c>.</param>
/// <param name="Mirrors">Roots with <c>dists/</c> and <c>pool/</c> below, ending in a slash, tried in turn; <c>http</c>, <c>https</c> or <c>file</c>.</param>
/// <param name="Components">Such as <c>main</c>, in the order of the sources.</param>
public sealed record DebianSource(string Suite, IReadOnlyList<Uri> Mirrors, IReadOnlyList<string> Components);
