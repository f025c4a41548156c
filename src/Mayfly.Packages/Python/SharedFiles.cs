using System.Buffers.Text;
using Mayfly.Linux;

namespace Mayfly.Packages.Python;

/// <summary>Files of wheels that environments have as hard links, for who asks for that.</summary>
/// <remarks>
/// What it keeps: the store's <c>files/</c>, each of its files named by the SHA-256 of its contents, with <c>-x</c> behind it when it runs, and read-only: what several wheels have is there once. How it changes: a file is made when an
/// environment first wants it. Who may write anything may write into one all the same, and so into every environment that has it; so each is read before it gets one more name, and one that is not what it was loses its
/// own: environments that have it keep it, and the next one gets another file. One that has no other name than this goes when the store is pruned.
/// </remarks>
/// <param name="store">The store.</param>
/// <param name="wheel">Whose files are wanted.</param>
internal sealed class SharedFiles(Store store, UnpackedWheel wheel) : IDisposable
{
    private const int Data = 0b100_100_100, Runs = 0b101_101_101;
    private const int NotPermitted = 1, NoEntry = 2, OtherDevice = 18, TooManyLinks = 31, NotSupported = 95;
    private const string Sign = "sha256=", OfPrograms = "-x";

    /// <summary>So often it may be taken away or changed while it is linked; more than that is no chance.</summary>
    private const int Attempts = 5;

    private WorkFolder? _work;

    private string Owner => $"{wheel.Name.Project} {wheel.Name.Version}";

    /// <summary>True for what can be one: what its wheel names by this digest.</summary>
    public static bool MayBe(PackedFile file) => file.Hash?.StartsWith(Sign, StringComparison.Ordinal) == true;

    /// <summary>Those that no environment has any more, by their keys.</summary>
    public static IReadOnlyList<string> Unused(Store store) =>
        [.. Directory.EnumerateFiles(store.Folder(StoreArea.Files), "*", SearchOption.AllDirectories).Where(static path => Nodes.Find(path) is { Links: 1 }).Select(path => Path.GetRelativePath(store.Folder(StoreArea.Files), path)).Order(StringComparer.Ordinal)];

    /// <summary>Gives one more name to the file that has these bytes.</summary>
    /// <param name="file">One of the wheel's.</param>
    /// <param name="runs">True when it runs.</param>
    /// <param name="reader">Reads the wheel.</param>
    /// <param name="folders">Where the name is made.</param>
    /// <param name="path">The name, in them.</param>
    /// <param name="progress">Told of one that was changed.</param>
    /// <exception cref="MayflyException">It cannot be linked there, or the wheel is not what it was.</exception>
    public void Link(PackedFile file, bool runs, WheelReader reader, FolderChain folders, string path, IProgress<Activity>? progress)
    {
        var digest = Convert.ToHexStringLower(Base64Url.DecodeFromChars(file.Hash.AsSpan(Sign.Length)));
        var (key, mode) = ($"{digest[..2]}/{digest[2..]}{(runs ? OfPrograms : "")}", runs ? Runs : Data);
        var shared = store.PathOf(StoreArea.Files, key);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            bool? isAsItWas = null;
            try
            {
                if ((isAsItWas = IsAsItWas(shared, file, mode)) == true)
                {
                    folders.LinkFile(shared, path);
                    return;
                }
            }
            catch (LinuxException e) when (e.Errno is NoEntry or TooManyLinks)
            {
                // Pruned meanwhile; or the file system gives it no more names, and the next ones get a second file.
                isAsItWas = e.Errno == NoEntry ? null : true;
            }
            catch (LinuxException e) when (e.Errno is NotPermitted or OtherDevice or NotSupported)
            {
                // Two mounts of one file system are apart too (link(2)).
                throw new MayflyException($"an environment cannot have files of the store {store.Root} as hard links: {(e.Errno == OtherDevice ? "they are on two file systems, or two mounts of one" : e.Message)}",
                    "say --link-mode copy, or have the store under the environment's mount, and your own (MAYFLY_STORE)", e);
            }

            if (isAsItWas == false)
                progress?.Report(new Activity("changed", $"{file.Path} of {Owner}, which environments share, was changed in place, or given to somebody else; here it comes as it was, and mayfly env doctor tells of the others") { Ended = true });
            Make(file, mode, key, reader, isNew: isAsItWas is null);
        }

        throw new MayflyException($"{file.Path} of {Owner} is changed again and again in the store {store.Root}", "look at the disk, and at who writes there");
    }

    public void Dispose() => _work?.Dispose();

    /// <summary>Null when there is none.</summary>
    private static bool? IsAsItWas(string shared, PackedFile file, int mode)
    {
        if (Nodes.Find(shared) is not { } node)
            return null;
        // Whose it is may write it whenever he likes.
        if (node.Kind != NodeKind.File || node.User != Inheritance.EffectiveUser || node.Mode != mode || node.Size != file.Size)
            return false;
        using var stream = new FileStream(FileHandles.OpenFile(shared), FileAccess.Read, bufferSize: 0);
        return RecordEntry.HashOf(stream) == file.Hash;
    }

    private void Make(PackedFile file, int mode, string key, WheelReader reader, bool isNew)
    {
        var aside = $"{(_work ??= store.BeginWork("files")).Path}/{Path.GetFileName(key)}";
        File.Delete(aside);
        using (var made = FileHandles.CreateNew(aside))
        {
            reader.CopyTo(file, made, aside);
            FileHandles.ChangeMode(made, mode, aside);
        }

        if (IsAsItWas(aside, file, mode) != true)
            throw wheel.Damaged();
        // What a disk has lost is noticed when it is wanted next: no sync, as with wheels.
        if (isNew)
            store.Commit(aside, StoreArea.Files, key, sync: false);
        else
            Files.Rename(aside, store.PathOf(StoreArea.Files, key));
    }
}
