namespace Mayfly.Packages.Debian;

/// <summary>Who makes releases, and how they are recognised among a host's apt sources.</summary>
public sealed record Distribution
{
    /// <summary><c>debian</c>: the table of the configuration file that is about it, and the word before the colon of <c>--base debian:bookworm</c>.</summary>
    public required string Name { get; init; }

    /// <summary>For people: <c>Debian</c>.</summary>
    public required string Title { get; init; }

    /// <summary>The Origin that its Release files name.</summary>
    public required string Origin { get; init; }

    /// <summary>What is taken unless the user says otherwise.</summary>
    public required IReadOnlyList<string> Components { get; init; }

    /// <summary>Part of the name of the keyring that apt's sources of it name.</summary>
    public required string Keyring { get; init; }

    /// <summary>
    /// Names of its releases below <c>dists/</c>: whichever of them a host's apt uses, the others come from the same mirror. Others borrow these
    /// names, so a mirror counts only once a Release file of it is signed by the right keys, and the next one is tried otherwise.
    /// </summary>
    public required IReadOnlyList<string> Names { get; init; }
}
