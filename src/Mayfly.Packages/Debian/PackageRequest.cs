namespace Mayfly.Packages.Debian;

/// <summary>What somebody asks for: a package, or exactly one version of it: <c>nginx</c>, <c>nginx=1.22.1-9</c>.</summary>
public sealed record PackageRequest(string Name, DebianVersion? Version)
{
    /// <summary>Reads the way apt-get writes requests; architectures, releases, removals and patterns are refused.</summary>
    public static PackageRequest Parse(string text)
    {
        var equals = text.IndexOf('=');
        var name = (equals < 0 ? text : text[..equals]).Trim();
        var version = equals < 0 ? null : text[(equals + 1)..].Trim();
        if (name.Contains(':'))
        {
            throw new MayflyException($"the package request '{text}' names an architecture",
                $"write it without: {name[..name.IndexOf(':')]}; a stack has one architecture, and foreign ones are not supported");
        }

        if (name.Contains('/'))
            throw new MayflyException($"the package request '{text}' names a release", "write the version instead: package=version");
        if (!PackageName.IsValid(name))
            throw new MayflyException($"the package request '{text}' is no package name", "write a package, or package=version");
        if (version is not null && !DebianVersion.IsValid(version))
            throw new MayflyException($"the package request '{text}' has no valid version after the =", "write a version as Debian does: 1.22.1-9+deb12u1");
        return new PackageRequest(name, version is null ? null : new DebianVersion(version));
    }

    public override string ToString() => Version is { } version ? $"{Name}={version}" : Name;
}
