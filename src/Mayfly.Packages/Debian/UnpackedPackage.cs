namespace Mayfly.Packages.Debian;

/// <summary>
/// A package in the store, taken apart once: <c>control/</c> holds every control member, <c>files/</c> the contents of regular
/// files by number with final mode, owner and time (to be hard-linked, never changed), <c>manifest</c> all names.
/// </summary>
/// <param name="Sha256">The hash of its .deb, lower-case hexadecimal.</param>
/// <param name="Folder">Where it is.</param>
public sealed record UnpackedPackage(string Sha256, string Folder)
{
    /// <summary>Every member of control.tar, with its mode.</summary>
    public string ControlFolder => Path.Combine(Folder, "control");

    public string FilesFolder => Path.Combine(Folder, "files");

    /// <summary>Reads the manifest from disk; not kept here, because a package's names outlive no build.</summary>
    public PackageManifest ReadManifest() => PackageManifest.Read(Path.Combine(Folder, "manifest"));

    /// <summary>The file in the store with the contents of a regular file or hard link.</summary>
    public string ContentOf(ManifestEntry entry) => $"{FilesFolder}/{entry.Content}";

    /// <summary>A control member's text, or null when the package has none of this name.</summary>
    public string? ReadControl(string member)
    {
        var path = Path.Combine(ControlFolder, member);
        return File.Exists(path) ? File.ReadAllText(path) : null;
    }

    /// <summary>The package of this hash as the store has it, or null when it was not unpacked yet.</summary>
    public static UnpackedPackage? Find(Store store, string sha256) =>
        store.Has(StoreArea.Unpacked, sha256) ? new UnpackedPackage(sha256, store.PathOf(StoreArea.Unpacked, sha256)) : null;
}
