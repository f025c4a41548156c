using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Mayfly.Linux;

namespace Mayfly.Images.Layers;

/// <summary>
/// Files that are wanted as they are, but for a time or a number by chance that their makers write into them in spite of
/// <c>SOURCE_DATE_EPOCH</c>, and that nobody reads: it is settled, so that one lock gives one digest.
/// </summary>
internal static partial class SettledFiles
{
    /// <param name="tree">The layer's own tree, complete.</param>
    /// <param name="epoch">The time to write.</param>
    public static void Settle(string tree, long epoch)
    {
        foreach (var database in (string[])["etc/aliases.db", "etc/mail/aliases.db", "etc/mail/access.db"])
            Change($"{tree}/{database}", bytes => SettleDatabase(bytes, epoch));
        foreach (var made in (string[])["etc/cron.d/sendmail", "etc/mail/Makefile", "etc/mail/databases", "etc/mail/sendmail.cf", "etc/mail/submit.cf"])
            Change($"{tree}/{made}", bytes => SettleMailDate(bytes, epoch));
        Change($"{tree}/etc/mdadm/mdadm.conf", bytes => SettleDate(bytes, epoch));
        Change($"{tree}/etc/ssl/certs/java/cacerts", bytes => SettleKeyStore(bytes, epoch));
        var fonts = $"{tree}/var/cache/fontconfig";
        foreach (var cache in Nodes.Find(fonts) is { Kind: NodeKind.Directory } ? Directory.GetFiles(fonts, "*-le64.cache-*") : [])
            Change(cache, bytes => SettleFontCache(bytes, epoch));
    }

    private static void Change(string path, Func<byte[], byte[]?> settle)
    {
        if (Nodes.Find(path) is { Kind: NodeKind.File } && settle(File.ReadAllBytes(path)) is { } settled)
            LayerCleaning.Replace(path, settled);
    }

    /// <summary>
    /// Berkeley DB gives each file an identity of 20 bytes (db_page.h: DBMETA's uid, after the magic number at 12, in a copy of that page too), which
    /// programs of one environment know it by while they share it; and postalias adds the second in which it was made, for NIS.
    /// </summary>
    private static byte[]? SettleDatabase(byte[] bytes, long epoch)
    {
        const int Magic = 12, Identity = 52, Length = 20, Digits = 10;
        const uint Hash = 0x061561, Tree = 0x053162;
        if (bytes.Length < Identity + Length || BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(Magic)) is not (Hash or Tree))
            return null;
        var identity = bytes[Identity..(Identity + Length)];
        for (int at = 0, found; (found = bytes.AsSpan(at).IndexOf(identity)) >= 0; at += found + Length)
            bytes.AsSpan(at + found, Length).Clear();
        // Its key, and before it the value: pages are filled from their end.
        var date = Encoding.ASCII.GetBytes(epoch.ToString(CultureInfo.InvariantCulture));
        if (bytes.AsSpan().IndexOf("\u0001YP_LAST_MODIFIED"u8) is var key and > Digits && date.Length == Digits && !bytes.AsSpan(key - Digits, Digits).ContainsAnyExceptInRange((byte)'0', (byte)'9'))
            date.CopyTo(bytes.AsSpan(key - Digits));
        return bytes;
    }

    /// <summary>
    /// fontconfig keeps the second of the folder's change and the nanosecond (fcint.h: checksum and checksum_nano of FcCache). In an image the one is
    /// no later than the archive's release, and the other none. It could be told a date, but then keeps no cache of an empty folder.
    /// </summary>
    private static byte[]? SettleFontCache(byte[] bytes, long epoch)
    {
        const uint Magic = 0xFC02FC04;
        const int Second = 48, Nanosecond = 56;
        if (bytes.Length < Nanosecond + sizeof(long) || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic)
            return null;
        var second = bytes.AsSpan(Second);
        BinaryPrimitives.WriteInt32LittleEndian(second, (int)Math.Min(BinaryPrimitives.ReadInt32LittleEndian(second), epoch));
        bytes.AsSpan(Nanosecond, sizeof(long)).Clear();
        return bytes;
    }

    /// <summary>The comment that mdadm's mkconf ends with.</summary>
    private static byte[] SettleDate(byte[] bytes, long epoch)
    {
        var date = DateTimeOffset.FromUnixTimeSeconds(epoch).ToString("ddd, dd MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture);
        return Encoding.Latin1.GetBytes(GeneratedOn().Replace(Encoding.Latin1.GetString(bytes), $"${{1}}{date} +0000${{2}}"));
    }

    /// <summary>The comment in which sendmailconfig(8) and cf.m4 write what date(1) says.</summary>
    private static byte[] SettleMailDate(byte[] bytes, long epoch)
    {
        var date = DateTimeOffset.FromUnixTimeSeconds(epoch).UtcDateTime;
        return Encoding.Latin1.GetBytes(BuiltOn().Replace(Encoding.Latin1.GetString(bytes), match =>
            string.Create(CultureInfo.InvariantCulture, $"{match.Groups[1].Value}{date:ddd MMM} {date.Day,2} {date:HH:mm:ss}{match.Groups[2].Value} {date:yyyy}")));
    }

    /// <summary>
    /// A Java key store of the kind JKS (sun.security.provider.JavaKeyStore) notes the millisecond in which each certificate was added, and
    /// ends with a digest over everything and the password, which for the public certificates is everybody's.
    /// </summary>
    private static byte[]? SettleKeyStore(byte[] bytes, long epoch)
    {
        const uint Magic = 0xfeedfeed, Certificate = 2;
        var end = bytes.Length - SHA1.HashSizeInBytes;
        try
        {
            if (Number(0) != Magic || Number(4) != 2 || !Digest().AsSpan().SequenceEqual(bytes.AsSpan(end)))
                return null;
            var at = 12;
            for (var left = Number(8); left > 0; left--)
            {
                if (Number(at) != Certificate)
                    return null;
                at += 4;
                SkipName();
                BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(at), epoch * 1000);
                at += 8;
                SkipName();
                at += 4 + (int)Number(at);
            }

            if (at != end)
                return null;
            Digest().CopyTo(bytes.AsSpan(end));
            return bytes;

            void SkipName() => at += 2 + BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at));
        }
        catch (ArgumentOutOfRangeException)
        {
            // It is something else, and stays.
            return null;
        }

        uint Number(int at) => BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at));

        byte[] Digest() => SHA1.HashData([.. Encoding.BigEndianUnicode.GetBytes("changeit"), .. "Mighty Aphrodite"u8, .. bytes.AsSpan(0, end)]);
    }

    [GeneratedRegex(@"^(# This configuration was auto-generated on )[^\n]*?( by mkconf)$", RegexOptions.Multiline)]
    private static partial Regex GeneratedOn();

    [GeneratedRegex(@"^(##### (?:built by \S+ )?on:? )[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9]?[0-9] [0-9:]{8}( UTC|) [0-9]{4}$", RegexOptions.Multiline)]
    private static partial Regex BuiltOn();
}
