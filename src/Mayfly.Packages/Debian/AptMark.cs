namespace Mayfly.Packages.Debian;

/// <summary>What apt means to do with a package.</summary>
internal enum AptState : byte
{
    /// <summary>Leave it as it is: there when it is installed, else not.</summary>
    Kept,

    /// <summary>Install it.</summary>
    Marked,

    /// <summary>Remove it.</summary>
    Removed,
}

/// <summary>One package as <see cref="AptMarks"/> walks over it.</summary>
/// <param name="key">Its name, with the architecture where that is foreign.</param>
/// <param name="first">The version to install, before anything is marked; null where none may be.</param>
internal sealed class AptMark(string key, BinaryPackage? first)
{
    public string Key { get; } = key;

    public BinaryPackage? First { get; } = first;

    /// <summary>The version to install; null once it is out of the question.</summary>
    public BinaryPackage? Candidate { get; set; } = first;

    public AptState State { get; set; }

    public bool IsInstalled { get; init; }

    /// <summary>True while nothing but a request may change its state.</summary>
    public bool IsProtected { get; set; }

    public bool IsThere => State == AptState.Marked || (State == AptState.Kept && IsInstalled);

    /// <summary>When its state changed last, so that relations to it were looked at anew.</summary>
    public int Updated { get; set; }

    /// <summary>When it lost its candidate, which relations to it do not learn of until something about them changes.</summary>
    public int Discarded { get; set; }

    public override string ToString() => $"{Key} {State}";
}
