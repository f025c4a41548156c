using System.Globalization;
using Mayfly.Linux;

namespace Mayfly;

/// <summary>
/// What it means to people when the disk or the kernel says no. For the ends of programs: wherever it is known what was being
/// done, that place says it better.
/// </summary>
public static class HostRefusal
{
    private const int NotPermitted = 1, AccessDenied = 13, NoDevice = 19, NoSpace = 28, ReadOnly = 30, NoCall = 38,
        UnknownProtocol = 93, NotSupported = 95, UnknownFamily = 97, QuotaExceeded = 122;

    /// <summary>What to do about a full disk that holds the store.</summary>
    public const string MakeRoom = "make room on that disk (mayfly prune removes what no stack uses), or set MAYFLY_STORE to a folder on another one";

    /// <summary>The same, with how much is missing.</summary>
    /// <param name="store">The store's folder.</param>
    /// <param name="needed">Bytes that would have been written yet; 0 where that is not known.</param>
    public static string MakeRoomIn(string store, long needed) => MakeRoom.Replace("that disk", $"that disk{Missing(store, needed)}", StringComparison.Ordinal);

    /// <summary>What to do about a full disk that holds something else, to be read as the beginning of a hint.</summary>
    /// <param name="folder">A folder on it.</param>
    /// <param name="needed">Bytes that would have been written yet; 0 where that is not known.</param>
    public static string MakeRoomAt(string folder, long needed) => $"make room on the disk of {folder}{Missing(folder, needed)}";

    /// <summary>True when there is no more room, on the disk or in a quota.</summary>
    public static bool IsFull(Exception failure) => failure is IOException
        && (Number(failure) is NoSpace or QuotaExceeded
            // The runtime, asked for a file of a known size, keeps no number.
            || failure.Message.EndsWith("because the disk was full.", StringComparison.Ordinal));

    /// <summary>Why the disk refused, to be read behind what could not be done there.</summary>
    public static string Why(Exception failure) => IsFull(failure) ? "the disk is full" : failure.Message;

    /// <summary>The same, where it is known in which folder: a disk may have room for bytes and for no more files.</summary>
    public static string Why(Exception failure, string folder) =>
        IsFull(failure) && RoomAt(folder).Files == 0 ? "the disk is full: it has room for no more files, however small (its inodes are used up)" : Why(failure);

    /// <summary>The message and hint, or null when the failure is none of these, and so a bug.</summary>
    public static MayflyException? Explain(Exception failure) => failure switch
    {
        MayflyException known => known,
        AggregateException { InnerExceptions: [var only] } => Explain(only),
        IOException when IsFull(failure) => new MayflyException($"the disk is full ({failure.Message.TrimEnd('.')})",
            "nothing is left half-done: make room there (mayfly prune removes what no stack uses) and run the command again", failure),
        UnauthorizedAccessException => Denied(failure),
        IOException when Number(failure) is AccessDenied or ReadOnly => Denied(failure),
        LinuxException { Errno: NotPermitted or NoDevice or NoCall or UnknownProtocol or NotSupported or UnknownFamily } => new MayflyException(
            $"this host does not let Mayfly do what it must: {failure.Message}", "mayfly doctor shows what the kernel lacks or forbids, and the remedy", failure),
        _ => null,
    };

    // The runtime keeps the errno of its own file errors in HResult.
    private static int Number(Exception failure) => failure is LinuxException linux ? linux.Errno : failure.HResult;

    private static string Missing(string folder, long needed) => needed - RoomAt(folder).Bytes is > 0 and var missing
        ? string.Create(CultureInfo.InvariantCulture, $", about {(missing < 1_000_000 ? $"{Math.Ceiling(missing / 1e3):0} kB" : $"{missing / 1e6:0.0} MB")} more") : "";

    /// <summary>A folder that could not be made is on the disk of the one that it belongs into.</summary>
    private static DiskRoom RoomAt(string folder) => Directory.Exists(folder) || Path.GetDirectoryName(folder) is not { } parent ? DiskRoom.Of(folder) : RoomAt(parent);

    private static MayflyException Denied(Exception failure) => new(failure.Message.TrimEnd('.'),
        "look at the rights of that file or folder; what root has made, such as root's store, only root may change", failure);
}
