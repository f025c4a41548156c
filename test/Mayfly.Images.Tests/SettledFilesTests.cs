using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Images.Layers;
using Mayfly.Linux;

namespace Mayfly.Images.Tests;

/// <summary>What a script's date or chance leaves in a file is the same in every build, and the rest of the file stays.</summary>
public sealed class SettledFilesTests : IDisposable
{
    private const long Epoch = 1_790_000_000;

    private readonly string _tree = Directory.CreateTempSubdirectory("mayfly-settled-").FullName;

    public void Dispose() => Directory.Delete(_tree, recursive: true);

    [Fact]
    public void The_date_in_mdadms_configuration_is_the_archives()
    {
        Assert.Equal("HOMEHOST <system>\n\n# This configuration was auto-generated on Mon, 21 Sep 2026 14:13:20 +0000 by mkconf\n",
            Text("etc/mdadm/mdadm.conf", "HOMEHOST <system>\n\n# This configuration was auto-generated on Wed, 25 Nov 2026 17:13:17 +0000 by mkconf\n"));
        Assert.Equal("# by hand\n", Text("etc/mdadm/mdadm.conf", "# by hand\n"));
    }

    [Theory]
    [InlineData("etc/mail/sendmail.cf", "##### built by root@localhost on Thu Nov  5 09:24:07 UTC 2026\n", "##### built by root@localhost on Mon Sep 21 14:13:20 UTC 2026\n")]
    [InlineData("etc/mail/databases", "##### on: Thu Nov 26 09:24:07 2026\n", "##### on: Mon Sep 21 14:13:20 2026\n")]
    [InlineData("etc/mail/Makefile", "##### on the whole: Thu Nov 26 09:24:07 2026\n", "##### on the whole: Thu Nov 26 09:24:07 2026\n")]
    public void The_date_in_sendmails_configuration_is_the_archives(string path, string made, string settled) => Assert.Equal($"# a\n{settled}# b\n", Text(path, $"# a\n{made}# b\n"));

    [Theory]
    [InlineData(3)]
    [InlineData(200)]
    public void The_database_of_aliases_has_no_identity_and_the_archives_time(byte chance)
    {
        var database = new byte[8192];
        BinaryPrimitives.WriteUInt32LittleEndian(database.AsSpan(12), 0x061561);
        for (var at = 0; at < 20; at++)
            database[52 + at] = database[4096 + 52 + at] = (byte)(chance + at);
        Encoding.ASCII.GetBytes($"1795626{chance:000}\u0001YP_LAST_MODIFIED\u0001@").CopyTo(database, 4000);
        var settled = Bytes("etc/aliases.db", database);
        Assert.Equal(new byte[20], settled[52..72]);
        Assert.Equal(new byte[20], settled[4148..4168]);
        Assert.Equal("1790000000\u0001YP_LAST_MODIFIED\u0001@", Encoding.ASCII.GetString(settled, 4000, 29));
        Assert.Equal(-1, settled.AsSpan(72, 3900).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void A_key_store_keeps_its_certificates_and_a_digest_that_is_right()
    {
        var settled = Bytes("etc/ssl/certs/java/cacerts", KeyStore(1_795_626_775_123, "changeit"));
        Assert.Equal(KeyStore(Epoch * 1000, "changeit"), settled);
        // Somebody's own is not touched.
        var own = KeyStore(1_795_626_775_123, "secret");
        Assert.Equal(own, Bytes("etc/ssl/certs/java/cacerts", own));
        Assert.Equal([0xfe, 0xed], Bytes("etc/ssl/certs/java/cacerts", [0xfe, 0xed]));
    }

    [Theory]
    [InlineData(67_305_985, 67_305_985)]
    [InlineData(1_795_626_775, 1_790_000_000)]
    public void A_cache_of_fonts_has_the_second_of_its_folder_alone_and_none_after_the_archives(int second, int settled)
    {
        Assert.Equal(Cache(settled, 0), Bytes("var/cache/fontconfig/0-le64.cache-8", Cache(second, 578_437_695_752_307_201)));

        static byte[] Cache(int second, long nanosecond)
        {
            byte[] cache = [4, 0xFC, 2, 0xFC, .. new byte[60], 13];
            BinaryPrimitives.WriteInt32LittleEndian(cache.AsSpan(48), second);
            BinaryPrimitives.WriteInt64LittleEndian(cache.AsSpan(56), nanosecond);
            return cache;
        }
    }

    private static byte[] KeyStore(long time, string password)
    {
        byte[] moment = new byte[8], certificate = [1, 2, 3];
        BinaryPrimitives.WriteInt64BigEndian(moment, time);
        byte[] store = [0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 5, .. "alias"u8, .. moment, 0, 5, .. "X.509"u8, 0, 0, 0, 3, .. certificate];
        return [.. store, .. SHA1.HashData([.. Encoding.BigEndianUnicode.GetBytes(password), .. "Mighty Aphrodite"u8, .. store])];
    }

    private string Text(string path, string text) => Encoding.UTF8.GetString(Bytes(path, Encoding.UTF8.GetBytes(text)));

    private byte[] Bytes(string path, byte[] contents)
    {
        Directory.CreateDirectory(Path.GetDirectoryName($"{_tree}/{path}")!);
        File.WriteAllBytes($"{_tree}/{path}", contents);
        Files.ChangeMode($"{_tree}/{path}", 0x1a0);
        SettledFiles.Settle(_tree, Epoch);
        Assert.Equal(0x1a0, Nodes.Read($"{_tree}/{path}").Mode);
        return File.ReadAllBytes($"{_tree}/{path}");
    }
}
