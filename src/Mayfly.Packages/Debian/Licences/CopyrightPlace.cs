namespace Mayfly.Packages.Debian.Licences;

/// <summary>Where the copyright file of a package is.</summary>
/// <param name="Path">Below the root, links followed: <c>usr/share/doc/libgcc-s1/copyright</c>.</param>
/// <param name="Package">The package that brings it, <c>name:architecture</c>: its own, or one that it links to.</param>
/// <param name="File">Its contents in the store.</param>
internal sealed record CopyrightPlace(string Path, string Package, string File);
