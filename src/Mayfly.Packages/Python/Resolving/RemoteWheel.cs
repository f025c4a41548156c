using Mayfly.Packages.Archives;
using Mayfly.Packages.Archives.Zip;
using Mayfly.Packages.Transfer;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Packages.Python.Resolving;

/// <summary>
/// The metadata of a wheel, of which no more is fetched than its end, where the archive's directory is, and the metadata's own bytes (RFC 9110, section 14). What is read so is verified against
/// nothing: whoever relies on it compares it with the whole wheel when that comes (<see cref="ChosenDistribution.Require"/>).
/// </summary>
internal static class RemoteWheel
{
    /// <summary>Has the directory of nearly all wheels, and mostly the metadata too, which many tools put last.</summary>
    private const int Tail = 64 << 10;

    /// <summary>Null where the whole wheel must be fetched: a server gives no parts, or others than were asked for, or the file has changed in between, or is not what it should be.</summary>
    /// <param name="transport">Asks.</param>
    /// <param name="file">The wheel.</param>
    /// <param name="path">A new file for the parts, with the length of the wheel.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<byte[]?> MetadataAsync(Transport transport, IndexFile file, string path, CancellationToken cancellationToken)
    {
        try
        {
            using var parts = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read);
            using var tail = await transport.OpenPartAsync(file.Address, null, Tail, null, cancellationToken).ConfigureAwait(false);
            if (tail is null || (file.Size is { } size && size != tail.Length))
                return null;
            RandomAccess.SetLength(parts, tail.Length!.Value);
            await CopyAsync(tail, parts, tail.Length.Value, cancellationToken).ConfigureAwait(false);
            var (known, validators) = (tail.Start, tail.Validators);
            var directory = ZipReader.FindDirectory(parts).Start;
            if (directory < known && !await FetchAsync(directory, known).ConfigureAwait(false))
                return null;
            var headers = ZipReader.ReadDirectory(parts);
            if (headers.Where(static header => header.Name.Split('/') is [var folder, "METADATA"] && folder.EndsWith(".dist-info", StringComparison.Ordinal)).ToArray() is not [var metadata] || metadata.Size > CoreMetadata.Largest)
                return null;
            var end = headers.Select(static header => header.LocalOffset).Where(offset => offset > metadata.LocalOffset).Append(directory).Min();
            if (metadata.LocalOffset < Math.Min(directory, known) && !await FetchAsync(metadata.LocalOffset, Math.Min(end, known)).ConfigureAwait(false))
                return null;
            var bytes = new MemoryStream((int)metadata.Size);
            using var contents = ZipReader.Open(parts, metadata.At(metadata.CompareWithLocal(parts, directory).Data));
            contents.CopyTo(bytes);
            return bytes.ToArray();

            async Task<bool> FetchAsync(long first, long before)
            {
                if (first < 0 || before - first > CoreMetadata.Largest)
                    return false;
                using var part = await transport.OpenPartAsync(file.Address, first, before - 1, validators, cancellationToken).ConfigureAwait(false);
                if (part is null || part.Length != RandomAccess.GetLength(parts))
                    return false;
                await CopyAsync(part, parts, before, cancellationToken).ConfigureAwait(false);
                return true;
            }
        }
        catch (Exception e) when (e is ArchiveException or TransferException or IOException or InvalidDataException)
        {
            return null;
        }
    }

    private static async Task CopyAsync(Transfer.Transfer part, SafeFileHandle parts, long end, CancellationToken cancellationToken)
    {
        var buffer = new byte[1 << 16];
        var at = part.Start;
        for (int read; (read = await part.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0; at += read)
        {
            if (at + read > end)
                throw new TransferException("it gives more than was asked for", transient: false);
            RandomAccess.Write(parts, buffer.AsSpan(0, read), at);
        }

        if (at != end)
            throw new TransferException("it broke off in the middle", transient: true);
    }
}
