namespace Mayfly.Packages.Python;

/// <summary>
/// A dependency as projects and requirement files write it (PEP 508): <c>requests[socks] &gt;=2.8.1, ==2.8.* ; python_version &lt; "3.13"</c>, or <c>pip @ https://…/pip.whl</c>.
/// </summary>
public sealed record DependencySpecifier
{
    public required ProjectName Name { get; init; }

    /// <summary>The name as somebody wrote it, by which pip tells of it; it makes no difference to what is meant.</summary>
    public string WrittenName
    {
        get => field ?? Name.Text;
        init;
    }

    /// <summary>Which optional parts are wanted, normalised, in the order of their letters.</summary>
    public IReadOnlyList<ProjectName> Extras { get; init; } = [];

    /// <summary>Any version where an address is given.</summary>
    public VersionSpecifier Versions { get; init; } = VersionSpecifier.Any;

    /// <summary>The one place that it comes from; null for an index.</summary>
    public string? Address { get; init; }

    /// <summary>When it counts; null: always.</summary>
    public Marker? Marker { get; init; }

    /// <summary>Whether it counts where these are the answers to markers.</summary>
    public bool Holds(MarkerEnvironment markers) => Marker?.Holds(markers) ?? true;

    /// <exception cref="MayflyException">The PEP does not allow it.</exception>
    public static DependencySpecifier Parse(string text)
    {
        var reader = new DependencyReader(text, "dependency");
        var dependency = reader.Dependency();
        reader.End();
        return dependency;
    }

    public bool Equals(DependencySpecifier? other) => other is not null && ToString() == other.ToString();

    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Text(Name.Text);

    /// <summary>The same with its name as it was written.</summary>
    public string AsWritten() => Text(WrittenName);

    private string Text(string name)
    {
        var extras = Extras.Count == 0 ? "" : $"[{string.Join(",", Extras)}]";
        // A space ends an address: what follows it would belong to it otherwise.
        var where = Address is null ? Versions.ToString() : $" @ {Address}";
        return $"{name}{extras}{where}{(Marker is null ? "" : $"{(Address is null ? "" : " ")}; {Marker}")}";
    }
}
