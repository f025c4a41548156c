using System.Buffers.Text;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Packages.Python;

namespace Mayfly.Packages.Tests.Python;

/// <summary>Wheels whose parts do not fit each other are refused before anything is taken from them; real ones are whole.</summary>
public sealed class WheelArchiveTests : IDisposable
{
    private const string Name = "my_app-1.0-py3-none-any.whl";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mayfly-wheel-");

    [Theory]
    [Trait("needs", "oracle")]
    [InlineData("pip", "pip", "23.0.1")]
    [InlineData("setuptools", "setuptools", "66.1.1")]
    public void Real_ones_are_what_their_RECORD_says(string start, string name, string version)
    {
        var path = Directory.GetFiles("/usr/share/python-wheels", $"{start}-*.whl").Single();
        using var file = File.OpenHandle(path);
        var wheel = WheelArchive.Read(file, Path.GetFileName(path));
        Assert.Equal((name, version, true), (wheel.Metadata.Name.Text, wheel.Metadata.Version.ToString(), wheel.IsPure));
        Assert.True(wheel.Files.Count > 100);
        foreach (var one in wheel.Files)
            wheel.CopyTo(one, Stream.Null);
    }

    [Fact]
    public void A_whole_one_is_read()
    {
        using var file = File.OpenHandle(Write(new Dictionary<string, string>()));
        var wheel = WheelArchive.Read(file, Name);
        Assert.Equal("my_app-1.0.dist-info", wheel.Information);
        Assert.Equal(["py3-none-any"], wheel.Tags);
        Assert.Equal(["my_app/__init__.py", "my_app-1.0.dist-info/METADATA", "my_app-1.0.dist-info/WHEEL", "my_app-1.0.dist-info/RECORD"], wheel.Files);
        var contents = new MemoryStream();
        wheel.CopyTo("my_app/__init__.py", contents);
        Assert.Equal("x = 1\n", Encoding.UTF8.GetString(contents.ToArray()));
    }

    [Theory]
    [InlineData("my_app-1.0.dist-info/WHEEL", "Wheel-Version: 2.0\nRoot-Is-Purelib: true\n", "it is of version 2.0 of the format, and only version 1 is known")]
    [InlineData("my_app-1.0.dist-info/WHEEL", "Root-Is-Purelib: true\n", "its file WHEEL says no version")]
    [InlineData("my_app-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n", "its file WHEEL does not say whether it is pure Python")]
    [InlineData("my_app-1.0.dist-info/METADATA", "Name: other\nVersion: 1.0\n", "its metadata are those of other 1.0")]
    [InlineData("my_app-1.0.dist-info/METADATA", "Name: my-app\nVersion: 1.1\n", "its metadata are those of my-app 1.1")]
    [InlineData("other-1.0.dist-info/METADATA", "", "it has more than one folder of metadata: my_app-1.0.dist-info, other-1.0.dist-info")]
    [InlineData("my_app-1.0.dist-info/RECORD", "my_app/__init__.py,sha256=x\n", "line 1 of its RECORD has not three values")]
    [InlineData("my_app-1.0.dist-info/RECORD", "my_app/__init__.py,md5=x,6\n", "its RECORD says no digest of my_app/__init__.py that can be relied on: md5=x")]
    [InlineData("my_app-1.0.dist-info/RECORD", "my_app/__init__.py,,\n", "its RECORD says no digest of my_app/__init__.py that can be relied on: none")]
    [InlineData("my_app-1.0.dist-info/RECORD", "my_app/__init__.py,sha256=x,7\n", "my_app/__init__.py has 6 bytes, and its RECORD says 7")]
    [InlineData("my_app-1.0.dist-info/RECORD", "my_app/__init__.py,sha256=x,many\n", "the size of my_app/__init__.py in its RECORD is no number: 'many'")]
    [InlineData("my_app-1.0.dist-info/RECORD", "\"my_app", "a quotation mark in its RECORD has no end")]
    [InlineData("my_app-1.0.dist-info/RECORD", "", "my_app/__init__.py is not in its RECORD")]
    [InlineData("my_app-1.0.dist-info/RECORD", "+gone.py,sha256=x,1\n", "its RECORD has gone.py, and it has not")]
    [InlineData("my_app-1.0.dist-info/RECORD", "+my_app/__init__.py,sha256=x,6\n", "my_app/__init__.py is in its RECORD twice")]
    [InlineData("my_app-1.0.dist-info/METADATA", null, "it has no METADATA")]
    [InlineData("my_app-1.0.dist-info/RECORD", null, "it has no RECORD")]
    public void One_whose_parts_do_not_fit_is_refused(string path, string? text, string why)
    {
        using var file = File.OpenHandle(Write(new Dictionary<string, string> { [path] = text! }));
        var failure = Assert.Throws<MayflyException>(() => WheelArchive.Read(file, Name));
        Assert.Equal(($"the wheel {Name} cannot be used: {why}", "the project must mend it; take another version of it, or build it from its sources"), (failure.Message, failure.Hint));
    }

    [Fact]
    public void A_file_that_is_not_what_its_RECORD_says_is_refused_as_it_is_read()
    {
        using var file = File.OpenHandle(Write(new Dictionary<string, string>(), tampered: true));
        var wheel = WheelArchive.Read(file, Name);
        Assert.Equal($"the wheel {Name} cannot be used: my_app/__init__.py has not the digest that its RECORD says", Assert.Throws<MayflyException>(() => wheel.CopyTo("my_app/__init__.py", Stream.Null)).Message);
    }

    [Fact]
    public void A_name_that_is_none_is_refused()
    {
        using var file = File.OpenHandle(Write(new Dictionary<string, string>()));
        Assert.Equal("'my_app.whl' is no name of a wheel", Assert.Throws<MayflyException>(() => WheelArchive.Read(file, "my_app.whl")).Message);
        Assert.Equal("the wheel other-1.0-py3-none-any.whl cannot be used: its metadata, my_app-1.0.dist-info, are of something else than its name says", Assert.Throws<MayflyException>(() => WheelArchive.Read(file, "other-1.0-py3-none-any.whl")).Message);
    }

    /// <summary>A whole wheel, but for what is given instead: null removes a file, and a plus goes on after what the RECORD has.</summary>
    private string Write(Dictionary<string, string> instead, bool tampered = false)
    {
        var files = new Dictionary<string, string?>
        {
            ["my_app/__init__.py"] = "x = 1\n",
            ["my_app-1.0.dist-info/METADATA"] = "Metadata-Version: 2.1\nName: my-app\nVersion: 1.0\n",
            ["my_app-1.0.dist-info/WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        };
        foreach (var (name, text) in instead.Where(static one => !one.Key.EndsWith("RECORD", StringComparison.Ordinal)))
            files[name] = text;
        var record = string.Concat(files.Where(static one => one.Value is not null).Select(static one => $"{one.Key},sha256={Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(one.Value!)))},{one.Value!.Length}\n")) + "my_app-1.0.dist-info/RECORD,,\n";
        files["my_app-1.0.dist-info/RECORD"] = !instead.TryGetValue("my_app-1.0.dist-info/RECORD", out var other) ? record : other is ['+', ..] ? record + other[1..] : other;
        if (tampered)
            files["my_app/__init__.py"] = "x = 2\n";
        var path = $"{_folder.FullName}/{Name}";
        File.Delete(path);
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (var (name, text) in files.Where(static one => one.Value is not null))
        {
            using var entry = archive.CreateEntry(name).Open();
            entry.Write(Encoding.UTF8.GetBytes(text!));
        }

        return path;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
