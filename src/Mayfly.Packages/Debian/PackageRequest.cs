namespace Mayfly.Packages.Debian;

/// <summary>
/// What somebody asks for, written as apt-get(8) has it: <c>nginx</c>, <c>nginx=1.22.1-9</c>, <c>nginx=1.22.*</c>, <c>nginx/bookworm-backports</c>,
/// <c>libc6:i386</c>, or <c>nginx-</c> for what must not be there.
/// </summary>
public sealed record PackageRequest(string Name, DebianVersion? Version)
{
    /// <summary>A pattern of versions, in place of <see cref="Version"/>: <c>1.22.*</c>.</summary>
    public string? Versions { get; init; }

    /// <summary>The suite or codename that it must come from.</summary>
    public string? Suite { get; init; }

    /// <summary>A foreign architecture; null for the stack's own.</summary>
    public string? Architecture { get; init; }

    /// <summary>True when it must not be installed.</summary>
    public bool Removes { get; init; }

    /// <summary>The name by which an index finds it.</summary>
    public string Key => Architecture is null ? Name : $"{Name}:{Architecture}";

    /// <summary>True when only some versions of the package will do.</summary>
    internal bool IsExact => Version is not null || Versions is not null || Suite is not null;

    /// <summary>Reads the way apt-get writes requests; patterns of names are refused.</summary>
    public static PackageRequest Parse(string text)
    {
        var at = text.AsSpan().IndexOfAny('=', '/');
        var name = (at < 0 ? text : text[..at]).Trim();
        var selector = at < 0 ? null : text[(at + 1)..].Trim();
        var removes = at < 0 && name.EndsWith('-');
        if (removes)
            name = name[..^1];
        string? architecture = null;
        if (name.IndexOf(':', StringComparison.Ordinal) is var colon and >= 0)
        {
            (name, architecture) = (name[..colon], name[(colon + 1)..]);
            if (!PackageName.IsValid(architecture) || architecture is "any" or "all")
                throw new MayflyException($"the package request '{text}' names no architecture after the colon", $"write it without ({name}), or with a foreign architecture of the stack: {name}:i386");
        }

        if (!PackageName.IsValid(name))
            throw new MayflyException($"the package request '{text}' is no package name", "write a package, package=version, package/suite, package:architecture, or package- for what must not be there");
        var request = new PackageRequest(name, null) { Architecture = architecture == "native" ? null : architecture, Removes = removes };
        if (selector is null)
            return request;
        if (text[at] == '/')
        {
            return selector.Length > 0 && !selector.Any(char.IsWhiteSpace) ? request with { Suite = selector }
                : throw new MayflyException($"the package request '{text}' names no suite after the /", "write the suite or codename that offers it: nginx/bookworm-backports");
        }

        if (selector.AsSpan().ContainsAny('*', '?', '['))
            return request with { Versions = selector };
        return DebianVersion.IsValid(selector) ? request with { Version = new DebianVersion(selector) }
            : throw new MayflyException($"the package request '{text}' has no valid version after the =", "write a version as Debian does: 1.22.1-9+deb12u1");
    }

    public override string ToString() => (Version?.Text ?? Versions) is { } version ? $"{Key}={version}"
        : Suite is not null ? $"{Key}/{Suite}"
        : Removes ? $"{Key}-" : Key;
}
