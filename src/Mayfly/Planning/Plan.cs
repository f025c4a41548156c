using Mayfly.Machines;

namespace Mayfly.Planning;

/// <summary>Exactly what <c>up</c> will do, as data.</summary>
internal sealed record Plan
{
    public required string Stack { get; init; }

    /// <summary>Why packages are resolved anew; null when the lock holds.</summary>
    public string? Resolve { get; init; }

    /// <summary>Packages that are not in the store yet.</summary>
    public required int PackagesToFetch { get; init; }

    public required long BytesToFetch { get; init; }

    /// <summary>Packages whose licences are judged once they are in the store; those that are there have passed.</summary>
    public int LicencesToJudge { get; init; }

    public required IReadOnlyList<LayerChange> Layers { get; init; }

    public required IReadOnlyList<InstanceChange> Instances { get; init; }

    /// <summary>Migrations in the order of running, as <c>component: command</c>.</summary>
    public required IReadOnlyList<string> Migrations { get; init; }

    /// <summary>True when something is live already, so that migrations and tests are tried on copies first.</summary>
    public required bool Rehearsal { get; init; }

    public required IReadOnlyList<string> Tests { get; init; }

    public required IReadOnlyList<PublishedPort> Published { get; init; }

    /// <summary>The generation that will be live.</summary>
    public required Generation Generation { get; init; }

    /// <summary>True when all that should run does, so that <c>up</c> changes nothing.</summary>
    public required bool Nothing { get; init; }
}

/// <summary>A layer of a component's image.</summary>
/// <param name="Build">False when the store holds it.</param>
internal sealed record LayerChange(string Component, string Origin, bool Build);
