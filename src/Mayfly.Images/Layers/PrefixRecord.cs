using Mayfly.Packages;

namespace Mayfly.Images.Layers;

/// <summary>What the store notes of configured stages beside their trees: the file <c>prefix.json</c>.</summary>
internal sealed record PrefixRecord
{
    public required string Key { get; init; }

    /// <summary>The key of the stages that were configured before in the same layer; null for the first ones.</summary>
    public string? Over { get; init; }

    /// <summary>How many of the lock's packages they are, those before included.</summary>
    public required int Packages { get; init; }

    /// <summary>The trees that they came to, lowest first: folders beside the record.</summary>
    public required IReadOnlyList<PrefixPart> Parts { get; init; }

    /// <summary>Users and groups that the layer has more than those below it when they are configured.</summary>
    public IReadOnlyList<LockedId> Ids { get; init; } = [];

    /// <summary>Tables of ids that gave them, as <see cref="IdTable.Fingerprint"/>.</summary>
    public IReadOnlyList<string> Tables { get; init; } = [];

    /// <summary>Commands that scripts asked for and that are run, or were, apart from them: what compiles Python's files.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Asked { get; init; } = [];

    /// <summary>Such commands that were run, with what they made.</summary>
    public IReadOnlyList<PrefixCompiled> Compiled { get; init; } = [];
}

/// <summary>One tree, in overlayfs's form.</summary>
/// <param name="Name">The folder.</param>
/// <param name="IsWritten">True when scripts wrote it; else it was placed.</param>
internal sealed record PrefixPart(string Name, bool IsWritten);

/// <summary>What a command that compiles made.</summary>
/// <param name="Command">Its arguments.</param>
/// <param name="Folder">A folder beside the record.</param>
/// <param name="Files">Paths in that folder.</param>
internal sealed record PrefixCompiled(IReadOnlyList<string> Command, string Folder, IReadOnlyList<string> Files);

/// <summary>Configured stages, finished by a build and not yet in the store.</summary>
/// <param name="Folder">In the build's work folder.</param>
/// <param name="Record">What is in it.</param>
internal sealed record MadePrefix(string Folder, PrefixRecord Record);

/// <summary>Configured stages that the store has.</summary>
internal sealed record Prefix(string Folder, PrefixRecord Record)
{
    /// <summary>The trees that they came to, lowest first.</summary>
    public IEnumerable<string> Trees => Record.Parts.Select(part => $"{Folder}/{part.Name}");

    /// <summary>Those of them that scripts wrote.</summary>
    public IEnumerable<string> Written => Record.Parts.Where(static part => part.IsWritten).Select(part => $"{Folder}/{part.Name}");
}
