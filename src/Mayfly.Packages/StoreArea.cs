namespace Mayfly.Packages;

/// <summary>The kinds of entries of a store, each a folder of its own.</summary>
public enum StoreArea
{
    /// <summary>Fetched files by SHA-256: packages as their archive serves them.</summary>
    Artifacts,

    /// <summary>Archive indexes, parsed, by the digest of their Release file.</summary>
    Indexes,

    /// <summary>Unpacked packages, by the SHA-256 of their artifact.</summary>
    Unpacked,

    /// <summary>Wheels taken apart, each a file that has all of its files, by the SHA-256 of their artifact.</summary>
    Wheels,

    /// <summary>Files of wheels that environments have as hard links, each by the SHA-256 of its contents and whether it runs.</summary>
    Files,

    /// <summary>Folders of wheels with all of their files, which the next environment takes as they are, by the SHA-256 of the wheel's artifact.</summary>
    Prepared,

    /// <summary>Layers of images, by the key of their inputs.</summary>
    Layers,

    /// <summary>The first stages of such layers, configured, by the key of their inputs.</summary>
    Prefixes,

    /// <summary>Images, by digest.</summary>
    Images,

    /// <summary>Helper programs (OCI runtime, monitor, network tools), by the key of their package set.</summary>
    Tools,

    /// <summary>Copies of the agent, by the hash of its assemblies.</summary>
    Agents,

    /// <summary>What each stack leaves: generations, secrets, volumes, logs.</summary>
    Stacks,

    /// <summary>Half-built trees that a user asked to keep when a script failed in them.</summary>
    Failed,

    /// <summary>Work in progress; everything here may be removed when its process is gone.</summary>
    Tmp,
}
