using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Linux;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Packages.Depots;

/// <summary>
/// The folder of a depot: an ordinary apt repository, and an index that pip can use.
/// </summary>
/// <remarks>
/// What it keeps: <c>pool/</c>, the packages under their archive's paths; <c>dists/</c>, an index of each suite, the published locks, and
/// <c>dists/Depot</c>, the signed list of all that; <c>depot.asc</c> and <c>depot.sources</c>, the key and what apt's users paste. Python's wheels are in
/// <c>dists/simple/</c>, each beside the page that names it, as links that every new <c>dists</c> takes over; <c>dists/Wheels</c> lists them, and <c>simple</c> leads there.
/// How it changes: packages are added first, each by a rename once its hash was right. Then a new <c>dists</c> changes places with the old one in one system
/// call, so a reader sees the one or the other, and finds in both what a Release file of either names by hash. <c>.mayfly/</c> holds the
/// lock of who is changing it and work in progress, which the next one removes. Wheels are not in a folder of their own beside <c>pool</c>, for what two renames
/// show can be seen half. Why not a database or a format of our own: apt, pip, and any static web server, know this one.
/// </remarks>
public sealed class DepotFolder
{
    internal const string ManifestPath = "dists/Depot";
    internal const string KeyName = "depot.asc";
    internal const string SourcesName = "depot.sources";

    private const UnixFileMode FolderMode = (UnixFileMode)0b111_101_101;

    public DepotFolder(string root) => Root = Path.GetFullPath(root);

    public string Root { get; }

    internal string Work => Path.Combine(Root, ".mayfly", "work");

    /// <summary>True when something was published into it.</summary>
    public bool IsDepot => File.Exists(Path.Combine(Root, ManifestPath));

    /// <summary>
    /// Waits until nobody else changes the depot, saying who does; held until disposed. Makes the folder when it is not there.
    /// </summary>
    /// <param name="purpose">The command, as others are told it.</param>
    internal async Task<IDisposable> TakeAsync(string purpose, IProgress<Activity>? progress, CancellationToken cancellationToken)
    {
        try
        {
            Require(".mayfly");
            var file = FileHandles.OpenOrCreate(Path.Combine(Root, ".mayfly", "lock"));
            try
            {
                for (var told = ""; !Files.Lock(file, exclusive: true, wait: false);)
                {
                    var holder = Holder(file);
                    if (holder != told)
                        progress?.Report(new Activity("wait for the depot", told = holder));
                    await Task.Delay(100, cancellationToken).ConfigureAwait(false);
                }

                var text = $"{purpose} (process {Environment.ProcessId}) since {DateTimeOffset.Now.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)}";
                RandomAccess.SetLength(file, 0);
                RandomAccess.Write(file, Encoding.UTF8.GetBytes(text), 0);
                if (Directory.Exists(Work))
                    Directory.Delete(Work, recursive: true);
                Require(".mayfly/work");
                return file;
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refusal(e);
        }
    }

    /// <summary>The full path of a folder of the depot, made when missing. No part of it may be a link: it would lead what is written elsewhere.</summary>
    internal string Require(string folder)
    {
        var path = Root;
        Directory.CreateDirectory(path);
        foreach (var part in folder.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            path = Path.Combine(path, part);
            var info = new DirectoryInfo(path);
            if (info.LinkTarget is not null)
                throw new MayflyException($"{path} is a symbolic link, and what is published must lie in the depot itself", "remove that link, or name the folder that it leads to as the depot");
            if (!info.Exists)
            {
                Directory.CreateDirectory(path);
                File.SetUnixFileMode(path, FolderMode);
            }
        }

        return path;
    }

    /// <summary>Writes a file of the depot, readable by whoever serves it, by way of the work folder.</summary>
    internal void Write(string path, ReadOnlySpan<byte> bytes)
    {
        var folder = Require(Path.GetDirectoryName(path)!);
        Files.Rename(Make(path, bytes), Path.Combine(folder, Path.GetFileName(path)));
    }

    /// <summary>A file of the work folder that is to become this one of the depot by a rename.</summary>
    internal string Make(string path, ReadOnlySpan<byte> bytes)
    {
        var made = Path.Combine(Work, Guid.NewGuid().ToString("n"));
        MakeAt(made, bytes, path);
        return made;
    }

    /// <summary>A file of the work folder under this name.</summary>
    /// <param name="meant">What it is to become, for messages.</param>
    internal static void MakeAt(string made, ReadOnlySpan<byte> bytes, string meant)
    {
        using var file = FileHandles.CreateNew(made);
        FileHandles.Write(file, bytes, meant);
        FileHandles.ChangeMode(file, 0x1A4 /* 0644 */, meant);
    }

    /// <summary>
    /// Has a file of a store in the work folder, by a hard link where both are on one file system, else by a copy (a reflink where there are such); gives the SHA-256 that it has.
    /// </summary>
    internal static string Bring(string artifact, string made)
    {
        LinkOrCopy(artifact, made);
        using (var file = new FileStream(made, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 128 * 1024, FileOptions.SequentialScan))
        {
            var found = Convert.ToHexStringLower(SHA256.HashData(file));
            const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
            if ((File.GetUnixFileMode(made) & Readable) != Readable)
                File.SetUnixFileMode(made, Readable | UnixFileMode.UserWrite);
            return found;
        }
    }

    internal static void LinkOrCopy(string existing, string made)
    {
        try
        {
            Files.Link(existing, made);
        }
        catch (LinuxException)
        {
            File.Copy(existing, made, overwrite: true);
        }
    }

    /// <summary>Sees to it that <c>simple</c> leads to the pages; what else is there of that name stays, and is told.</summary>
    internal void LinkPages()
    {
        const string Name = "simple";
        var place = new DirectoryInfo(Path.Combine(Root, Name));
        if (place.LinkTarget == SimplePages.Folder)
            return;
        if (place.LinkTarget is null && Path.Exists(place.FullName))
            throw new MayflyException($"{place.FullName} is no link of this depot's, and pip is to find {SimplePages.Folder} there", "move it away, or publish into another folder");
        var made = Path.Combine(Work, Name);
        File.CreateSymbolicLink(made, SimplePages.Folder);
        Files.Rename(made, place.FullName);
    }

    internal MayflyException Refusal(Exception e) => new($"the depot {Root} cannot be written: {HostRefusal.Why(e)}",
        HostRefusal.IsFull(e) ? "what was published before stands as it was; make room there, and run the command again"
            : "what was published before stands as it was; look at the rights of that folder, and run the command again", e);

    private static string Holder(SafeFileHandle file)
    {
        var bytes = new byte[256];
        var text = Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(file, bytes, 0));
        return text.Length > 0 ? $"{text} is changing it" : "another command is changing it";
    }
}
