using System.Text;
using System.Text.Json;
using Mayfly.Packages.Python;

namespace Mayfly.Packages.Tests.Python;

public sealed class CoreMetadataTests
{
    /// <summary>The metadata of every distribution that this host has, read as Python's own library reads them.</summary>
    [Fact]
    [Trait("needs", "oracle")]
    public void Real_ones_are_read_as_Python_reads_them()
    {
        string[] folders = ["/usr/lib/python3/dist-packages", "/usr/lib/python3.11"];
        string[] files = [.. folders.Where(Directory.Exists).SelectMany(static folder => Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true }))
            .Where(static path => Path.GetFileName(path) is "METADATA" or "PKG-INFO" || path.EndsWith(".egg-info", StringComparison.Ordinal))];
        Assert.True(files.Length > 3, $"only {files.Length}");
        var verdicts = PackagingVerdicts.Ask("core-metadata.py", files);
        foreach (var (file, theirs) in files.Zip(verdicts))
        {
            Assert.Equal(theirs.GetRawText(), JsonSerializer.Serialize(CoreMetadata.Fields(Encoding.UTF8.GetString(File.ReadAllBytes(file))).Select(static field => new[] { field.Name, field.Value }), PackagingVerdicts.Readable));
            var metadata = CoreMetadata.Read(File.ReadAllBytes(file), file);
            Assert.Null(metadata.UnreadPython);
        }
    }

    [Theory]
    [InlineData("Name: a", "the metadata of a.whl say no version")]
    [InlineData("Version: 1", "the metadata of a.whl say no name")]
    [InlineData("Name: a b\nVersion: 1", "the metadata of a.whl say the name 'a b', which is none")]
    [InlineData("Name: a\nVersion: one", "the metadata of a.whl say the version 'one', which is none")]
    [InlineData("Name: a\nVersion: 1\nRequires-Dist: b (>1", "the metadata of a.whl cannot be used: 'b (>1' is no dependency: a closing parenthesis is expected at its end")]
    public void What_cannot_be_used_is_told(string text, string message) =>
        Assert.Equal(message, Assert.Throws<MayflyException>(() => CoreMetadata.Read(Encoding.UTF8.GetBytes(text), "a.whl")).Message);

    [Fact]
    public void Everything_that_matters_is_read()
    {
        var metadata = CoreMetadata.Read("""
            Metadata-Version: 2.4
            Name: Zope.Interface
            Version: 1.0-rc1
            Summary: What it is
            License-Expression: MIT OR Apache-2.0
            License-File: LICENSE
            License-File: NOTICE
            Classifier: Programming Language :: Python
            Requires-Python: >=3.6.*
            Requires-Dist: idna<4,>=2.5
            Requires-Dist: pytest; extra == "Test_Extra"
            Provides-Extra: Test_Extra
            Description: on
                several lines

            Name: not this one
            """u8, "a.whl");
        Assert.Equal(("zope-interface", "1.0rc1", "What it is", "MIT OR Apache-2.0"), (metadata.Name.Text, metadata.Version.ToString(), metadata.Summary, metadata.LicenceExpression));
        Assert.Equal(["LICENSE", "NOTICE"], metadata.LicenceFiles);
        Assert.Equal(["Programming Language :: Python"], metadata.Classifiers);
        Assert.Equal(["idna<4,>=2.5", "pytest; extra == \"Test_Extra\""], metadata.Requires.Select(static one => one.ToString()));
        Assert.Equal(["test-extra"], metadata.Extras.Select(static one => one.Text));
        // No standard ever allowed that, and pip takes it for nothing said.
        Assert.Equal(">=3.6.*", metadata.UnreadPython);
        Assert.Empty(metadata.RequiresPython.Clauses);
    }
}
