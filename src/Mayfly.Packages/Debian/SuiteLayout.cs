namespace Mayfly.Packages.Debian;

/// <summary>One suite of a release, as its Release file must describe it.</summary>
/// <param name="Suite">Below <c>dists/</c>: <c>bookworm-security</c>.</param>
/// <param name="Codename">What its Release file calls itself.</param>
/// <param name="Label">Its Label.</param>
/// <param name="Archive">The archive that it is part of, as a snapshot service names it: <c>debian-security</c>.</param>
/// <param name="Security">True for the suite of security fixes.</param>
/// <param name="Keys">The keys that Mayfly brings and that may sign it.</param>
public sealed record SuiteLayout(string Suite, string Codename, string Label, string Archive, bool Security, IReadOnlyList<string> Keys);
